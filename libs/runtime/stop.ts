/** A step of a service's stop. Steps run one after the other, so the list is the order of the shutdown, written down. */
export interface StopStep {
  readonly name: string;
  readonly deadlineMs: number;
  readonly run: () => void | Promise<void>;
}

export type StopOutcome =
  | { readonly step: string; readonly ended: 'done'; readonly ms: number }
  | { readonly step: string; readonly ended: 'late'; readonly ms: number }
  | { readonly step: string; readonly ended: 'failed'; readonly ms: number; readonly error: unknown };

/**
 * Runs every step, whatever became of those before. One that passes its deadline is left behind.
 * @returns whether all of them were done in time
 */
export async function stopInOrder(steps: readonly StopStep[], report: (outcome: StopOutcome) => void): Promise<boolean> {
  let clean = true;
  for (const step of steps) {
    const outcome = await runWithin(step);
    report(outcome);
    clean &&= outcome.ended === 'done';
  }
  return clean;
}

async function runWithin({ name: step, deadlineMs, run }: StopStep): Promise<StopOutcome> {
  const began = performance.now();
  const ms = (): number => Math.round(performance.now() - began);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, deadlineMs, 'late')));
  try {
    const ended = await Promise.race([Promise.resolve(run()).then(() => 'done' as const), late]);
    return { step, ended, ms: ms() };
  } catch (error) {
    return { step, ended: 'failed', ms: ms(), error };
  } finally {
    clearTimeout(timer);
  }
}
