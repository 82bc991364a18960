export { ConfigInvalid, loadConfig, type Problem } from './config/load.js';
export { type Config, configJsonSchema, type Part } from './config/parts.js';
export { Secret } from './config/secret.js';
export { errorFacts, type Logger, logger } from './log.js';
export { nestLogger } from './nest-logger.js';
export { type ExitCode, type Life, type Ready, type Running, serve, type Service } from './serve.js';
export { stopInOrder, type StopOutcome, type StopStep } from './stop.js';
export { version } from './version.js';
