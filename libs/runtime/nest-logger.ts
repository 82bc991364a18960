import type { LoggerService } from '@nestjs/common';
import type { Logger } from './log.js';

/** Nest's own lines, in the service's log. Its start-up chatter is left out. */
export const nestLogger = (log: Logger): LoggerService => ({
  log: () => undefined,
  warn: (message: unknown) => {
    log.warn({ message: String(message) }, 'nest');
  },
  error: (message: unknown) => {
    log.error({ message: String(message) }, 'nest');
  },
});
