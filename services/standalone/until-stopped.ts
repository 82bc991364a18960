import type { ExitCode } from '#runtime';
import type { UnitEnded } from './supervisor.js';

/** What a run of standalone does: `work` goes on until it rejects or the signal aborts; `stop` always follows. */
export interface Run {
  readonly work: (signal: AbortSignal) => Promise<void>;
  readonly failure: Promise<UnitEnded>;
  readonly stop: () => Promise<readonly string[]>;
}

/**
 * Runs until Ctrl-C, SIGTERM, a failure of the work, or a process that ended by itself; then stops everything.
 * @param tell gets the lines that a reader should see
 */
export async function untilStopped({ work, failure, stop }: Run, tell: (line: string) => void): Promise<ExitCode> {
  const asked = new Promise<undefined>((resolve) => {
    // Only once: a second Ctrl-C, or a terminal that is closed meanwhile, must not cut the stop short.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        resolve(undefined);
      });
    // Who started us by a channel, as `sallyport up` does, is gone.
    process.once('disconnect', () => {
      resolve(undefined);
    });
  });
  const working = new AbortController();
  const failed = work(working.signal).then(
    () => new Promise<never>(() => undefined),
    (error: unknown) => (error instanceof Error ? error : new Error('the start failed', { cause: error })),
  );
  const why = await Promise.race([asked, failed, failure]);
  working.abort();
  if (why) tell(`\n${why.message}`);
  tell('stopping …');
  const killed = await stop();
  if (killed.length > 0) tell(`had to be killed: ${killed.join(', ')}`);
  return !why && killed.length === 0 ? 0 : 1;
}
