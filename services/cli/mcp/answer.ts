import pg from 'pg';
import { z } from 'zod';

/** What a tool answers about a statement. Members that do not apply are absent. */
export const Answer = z.object({
  status: z
    .enum(['done', 'allowed', 'held', 'denied', 'failed'])
    .describe(
      'done: it ran. allowed: the policy would let it run. held: a person has to approve it. denied: the policy refuses it. failed: the database refused it.',
    ),
  columns: z.array(z.object({ name: z.string(), type: z.string() })).optional(),
  rows: z
    .array(z.array(z.unknown()))
    .optional()
    .describe('Values in the order of the columns. 64-bit integers, numerics, dates and arrays are text, exact.'),
  truncated: z.boolean().optional().describe('There are more rows, or longer values, than are given here.'),
  rowCount: z.int().nullable().optional().describe('Rows given here, or changed.'),
  command: z.string().optional(),
  notices: z.array(z.string()).optional(),
  sqlstate: z.string().optional(),
  message: z.string().optional(),
  hint: z.string().optional(),
  rule: z.string().optional().describe('The rule of the policy that decided.'),
  statement: z.string().optional().describe('The id of the statement in the audit record.'),
  approval: z.string().optional().describe('The id of the approval that it needs: give it to wait.'),
});
export type Answer = z.infer<typeof Answer>;

/** The DETAIL of every refusal and hold of the proxy. */
const Refusal = z.object({
  decision: z.enum(['allow', 'deny', 'hold']),
  rule: z.string(),
  statement: z.string(),
  approval: z.string().optional(),
});
const statusOf = { allow: 'allowed', deny: 'denied', hold: 'held' } as const;

/** What became of a statement that did not run, or whose end nobody knows because the connection was lost. */
export function answerTo(error: unknown): Answer {
  if (!(error instanceof Error)) throw error;
  if (!(error instanceof pg.DatabaseError)) return { status: 'failed', sqlstate: '08006', message: error.message };
  const { code, message, hint, detail } = error;
  const told = { sqlstate: code ?? 'XX000', message, ...(hint !== undefined && { hint }) };
  const refusal = refusalIn(detail);
  if (!refusal) return { status: 'failed', ...told };
  const { decision, ...rest } = refusal;
  return { status: statusOf[decision], ...told, ...rest };
}

function refusalIn(detail: string | undefined): z.infer<typeof Refusal> | undefined {
  if (detail?.startsWith('{') !== true) return undefined;
  try {
    return Refusal.safeParse(JSON.parse(detail)).data;
  } catch {
    return undefined; // a DETAIL of Postgres that begins so
  }
}
