import { parseArgs } from 'node:util';
import { ConfigInvalid } from './config/load.js';
import { type Logger, logger } from './log.js';
import { type StopStep, stopInOrder } from './stop.js';
import { version } from './version.js';

export interface Service {
  readonly name: string;
  /** Resolves when the service answers. What it started by then, its stop steps end. */
  readonly start: (life: Life) => Promise<Running>;
}

/** What a service is given to live with. */
export interface Life {
  readonly log: Logger;
  /** The configuration file, from `--config`. */
  readonly config: string;
  readonly version: string;
  /** Ends the service with exit code 1, by its ordinary stop: for what cannot be survived. */
  readonly fail: (error: unknown) => void;
}

export interface Running {
  /** The ports that answer, by name. */
  readonly listening: Readonly<Record<string, number>>;
  /** Processes of its own, by name. */
  readonly pids?: Readonly<Record<string, number>>;
  readonly stop: readonly StopStep[];
}

/** What a service sends its parent over IPC once it answers. */
export interface Ready extends Omit<Running, 'stop'> {
  readonly type: 'ready';
}

/** 0: stopped when asked to. 1: failed, or a stop step failed or was late. 2: the configuration is wrong. */
export type ExitCode = 0 | 1 | 2;

interface Ending {
  readonly reason: string;
  readonly code: ExitCode;
  readonly error?: unknown;
}

/**
 * Runs a service until it is asked to stop (SIGTERM, SIGINT), fails, or its parent is gone; then stops it in order and exits.
 * Nothing else in the process sets an exit code or listens to these.
 */
export async function serve(service: Service): Promise<never> {
  const log = logger(service.name);
  const { ending, fail } = awaitEnding(log);
  let running: Running | undefined;
  const started = async (): Promise<Ending> => {
    running = await service.start({ log, config: configArgument(), version, fail });
    const { listening, pids } = running;
    log.info({ version, listening, pid: process.pid }, 'ready');
    process.send?.({ type: 'ready', listening, ...(pids && { pids }) } satisfies Ready);
    return ending;
  };
  const end = await Promise.race([started().catch(asEnding), ending]);
  const clean = await stop(log, end, running?.stop ?? []);
  process.exit(clean ? end.code : end.code || 1);
}

async function stop(log: Logger, { reason, code, error }: Ending, steps: readonly StopStep[]): Promise<boolean> {
  if (code === 2 && error instanceof Error) process.stderr.write(`${error.message}\n`);
  else if (code === 0) log.info({ reason }, 'stopping');
  else log.error({ reason, err: error }, 'stopping');
  return stopInOrder(steps, ({ step, ms, ...outcome }) => {
    if (outcome.ended === 'done') log.info({ step, ms }, 'stop step done');
    else log.error({ step, ms, ...(outcome.ended === 'failed' && { err: outcome.error }) }, `stop step ${outcome.ended}`);
  });
}

function awaitEnding(log: Logger): { ending: Promise<Ending>; fail: (error: unknown) => void } {
  let end: (ending: Ending) => void = () => undefined;
  const ending = new Promise<Ending>((resolve) => (end = resolve));
  let ended = false;
  void ending.then(() => (ended = true));
  const fail = (error: unknown): void => {
    if (ended) log.error({ err: error }, 'failed while stopping');
    end(asEnding(error));
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      end({ reason: signal, code: 0 });
    });
  // A parent that was killed cannot stop its children: they notice that it is gone.
  if (process.connected)
    process.once('disconnect', () => {
      end({ reason: 'parent is gone', code: 0 });
    });
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  return { ending, fail };
}

const asEnding = (error: unknown): Ending =>
  error instanceof ConfigInvalid || error instanceof NoConfiguration
    ? { reason: 'configuration', code: 2, error }
    : { reason: error instanceof Error ? error.name : 'failure', code: 1, error };

function configArgument(): string {
  const { values } = parseArgs({ options: { config: { type: 'string' } }, strict: false });
  if (typeof values.config !== 'string') throw new NoConfiguration('--config sallyport.yml is missing');
  return values.config;
}

class NoConfiguration extends Error {
  override readonly name = 'NoConfiguration';
}
