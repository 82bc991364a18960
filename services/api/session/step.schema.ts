import { z } from 'zod';
import { schemaOf, Text, Verdict } from '#events';
import type { Result, Step } from '#replay';
import type { Content } from '../access/caller.js';
import { provenance } from '../projection.js';
import { redactedState, State, stateOf } from './state.schema.js';

export const Seq = z.coerce.number().int().min(0).describe('A step is named by the `seq` of its event.');

/** NULL, text as it was sent, or the bytes of a value in binary format in hex. */
const Cell = z.union([z.null(), z.string(), z.object({ hex: z.string() })]);
const why = z.enum(['cap', 'policy', 'secret', 'erased', 'log', 'role']);

const StepResult = z
  .object({
    n: z.int().nullable(),
    /** `mask` names the function that every cell of the column went through; null where there was none. */
    columns: z.array(z.object({ name: z.string(), type: z.int(), mask: z.string().nullable() })),
    /** `unknown`: no end of the statement is recorded, so `mask` may be missing. */
    masking: z.enum(['known', 'unknown']),
    rows: z.array(z.array(Cell)),
    /** Rows that the client was handed and that are not shown. `role`: yours does not see them. */
    absent: z.array(z.object({ count: z.int(), why })),
  })
  .meta({ id: 'StepResult' });

const decision = schemaOf('statement.decided').shape.data as z.ZodType<NonNullable<Step['decision']>>;

/** One event of a session and the moment after it. */
export const StepView = z
  .object({
    seq: z.int(),
    at: z.int(),
    type: z.string(),
    /** What the event says, as docs/events.md describes its type. */
    data: z.record(z.string(), z.unknown()),
    state: State,
    /** SHA-256 of the state as it was folded, in hex: whatever of it is shown here. */
    hash: z.string(),
    decision: decision.nullable(),
    sql: Text.nullable(),
    results: z.array(StepResult),
    messages: z.array(z.object({ dir: z.enum(['c', 's']), type: z.string(), length: z.int(), count: z.int() })),
    /** Whether content was left out because the caller's roles do not see it. */
    redacted: z.boolean(),
  })
  .meta({ id: 'Step' });

export const OneStep = z.object({ step: StepView, first: z.int(), last: z.int(), ...provenance }).meta({ id: 'OneStep' });

export const StepsInFull = z
  .object({ items: z.array(StepView), next: z.string().nullable(), ...provenance })
  .meta({ id: 'StepsInFull' });

/** A step in one line. */
export const StepLine = z
  .object({
    seq: z.int(),
    at: z.int(),
    type: z.string(),
    hash: z.string(),
    transaction: z.enum(['I', 'T', 'E']).nullable(),
    /** The statement that it is about. */
    n: z.int().nullable(),
    verdict: Verdict.nullable(),
    rule: z.string().nullable(),
    sql: Text.nullable(),
    outcome: z.string().nullable(),
    tag: z.string().nullable(),
    sqlstate: z.string().nullable(),
    /** Rows that the client was handed at this step. */
    rows: z.int(),
  })
  .meta({ id: 'StepLine' });
export type StepLine = z.infer<typeof StepLine>;

export const StepPage = z
  .object({ items: z.array(StepLine), next: z.string().nullable(), redacted: z.boolean(), ...provenance })
  .meta({ id: 'StepPage' });

export function stepOf(step: Step, content: Content) {
  const { seq, event, hash, decision, sql, results, messages } = step;
  const state = stateOf(step.state);
  const shown = content === 'shown';
  return {
    ...{ seq, at: event.at, type: event.type, data: event.data, hash, decision },
    sql: shown ? sql : null,
    state: shown ? state : redactedState(state),
    results: shown ? results : results.map(redactedResult),
    messages: messages.map(({ dir, type, length, count }) => ({ dir, type, length, count })),
    redacted: !shown,
  };
}

export function lineOf({ seq, event, hash, state, decision, sql, results }: Step, content: Content): StepLine {
  const { data, type, at } = event;
  const completed = type === 'statement.completed' ? event.data : undefined;
  return {
    ...{ seq, at, type, hash, transaction: state.transaction.status },
    n: ('n' in data ? data.n : undefined) ?? null,
    verdict: type === 'statement.decided' ? event.data.verdict : null,
    rule: decision?.rule ?? null,
    sql: content === 'shown' && type.startsWith('statement.') ? sql : null,
    outcome: completed?.outcome ?? null,
    tag: completed?.tag ?? null,
    sqlstate: completed?.sqlstate ?? null,
    rows: results.reduce((sum, result) => sum + rowsOf(result), 0),
  };
}

const rowsOf = ({ rows, absent }: Result): number => rows.length + absent.reduce((sum, { count }) => sum + count, 0);

const redactedResult = (result: Result) => ({
  ...result,
  rows: [],
  absent: [{ count: rowsOf(result), why: 'role' as const }],
});
