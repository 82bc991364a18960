import { z } from 'zod';
import type { SessionRow } from '#clickhouse';
import { type By, type RunKey, runKeys } from '#events';

/** What is said of an agent's run; `verified`: an issuer vouches for it, the client does not merely claim it. */
const Told = z.object({ value: z.string(), verified: z.boolean() }).nullable();
export const Run = z.object({ run: Told, conversation: Told, toolCall: Told, traceparent: Told }).meta({ id: 'Run' });
export type Run = z.infer<typeof Run>;

/** Filters by whose work it is, and in which run. */
export const runFilters = {
  run: z.string().max(256).optional().describe("The agent's run, exactly."),
  conversation: z.string().max(256).optional().describe('The conversation that the run belongs to, exactly.'),
  toolCall: z.string().max(256).optional().describe('The tool call, exactly.'),
  trace: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional()
    .describe('The id of the trace, 32 hex digits.'),
  actor: z.string().max(1000).optional().describe("The subject of who acts in the principal's name."),
};

type Columns = Pick<SessionRow, RunKey | 'verified' | 'actors' | 'actorIssuers'>;

export function runOf(row: Columns): Run {
  const told = (key: RunKey): Run['run'] => {
    const value = row[key];
    return value === null ? null : { value, verified: row.verified.includes(key) };
  };
  return Object.fromEntries(runKeys.map((key) => [key, told(key)])) as Run;
}

/** Who acts in the principal's name, the present actor first. */
export const actorsOf = ({ actors, actorIssuers }: Columns): By[] =>
  actors.map((subject, i) => ({ issuer: actorIssuers[i] ?? '', subject }));
