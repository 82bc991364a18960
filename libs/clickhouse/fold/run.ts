import { type By, type RunContext, runKeys } from '#events';
import type { SessionRow } from '../rows.js';

type Run = Pick<SessionRow, 'run' | 'conversation' | 'toolCall' | 'traceparent' | 'verified'>;
type Actors = Pick<SessionRow, 'actors' | 'actorIssuers'>;

/** What is said of a run, in columns. */
export const runColumns = (run: RunContext = {}): Run => ({
  run: run.run?.value ?? null,
  conversation: run.conversation?.value ?? null,
  toolCall: run.toolCall?.value ?? null,
  traceparent: run.traceparent?.value ?? null,
  verified: runKeys.filter((key) => run[key]?.by === 'token'),
});

export const actorColumns = (actors: readonly By[] = []): Actors => ({
  actors: actors.map(({ subject }) => subject),
  actorIssuers: actors.map(({ issuer }) => issuer),
});
