import { firstOf, type RunContext, saysNothing } from '#events';
import { commentedRun } from '#sql';
import type { SessionContext } from './context.js';

/** The run that a statement belongs to: what is known of the session, and what a comment at the end of the text adds to it. */
export function runOf({ facts }: SessionContext, sql: Buffer | undefined): RunContext {
  const commented = sql && commentedRun(sql);
  return commented ? firstOf(facts.run, commented) : facts.run;
}

export const recordedRun = (run: RunContext): RunContext | undefined => (saysNothing(run) ? undefined : run);
