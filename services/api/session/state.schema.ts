import { z } from 'zod';
import { Durability, Principal, Text, Verdict } from '#events';
import type { SessionState, Unknown } from '#replay';

const scoped = <T extends z.ZodType>(value: T) => ({ value: value.nullable(), local: value.nullable() });
const words = z.array(z.string());

const Scope = z
  .object({
    sessionUser: z.object(scoped(z.string())),
    role: z.object(scoped(z.string())),
    searchPath: z.object(scoped(words)),
    settings: z.array(z.object({ name: z.string(), ...scoped(z.string()) })),
    tempTables: z.array(z.object({ name: z.string(), dropOnCommit: z.boolean() })),
  })
  .meta({ id: 'Scope' });

const Column = z.object({ name: z.string(), type: z.int(), format: z.int() });
const unknowns = [
  ...['portals', 'prepared', 'role', 'search_path', 'settings', 'temp tables'],
  ...['answers', 'gap', 'savepoints', 'tail', 'transaction'],
] as const satisfies readonly Unknown[];
const Unknowns = z.array(z.enum(unknowns));
const Report = z.object({ name: z.string(), value: z.string() });
const OpenMessage = z.object({ type: z.string(), length: z.int(), have: z.int() });

/** A session's state as `#replay` folds it. Of messages that are under way it says which, not what is in them. */
export const State = z
  .object({
    session: z.string().nullable(),
    seq: z.int(),
    phase: z.enum(['none', 'opened', 'authenticated', 'ready', 'refused', 'closed']),
    client: z.object({ address: z.string(), port: z.int(), user: Text, database: Text }).nullable(),
    who: z.object({ principal: Principal, method: z.string() }).nullable(),
    target: z.string().nullable(),
    database: z.string().nullable(),
    durability: Durability.nullable(),
    policy: z.string().nullable(),
    server: z.object({ version: z.string(), backend: z.int() }).nullable(),
    transaction: z.object({
      status: z.enum(['I', 'T', 'E']).nullable(),
      levels: z.array(z.object({ savepoint: z.string().nullable(), scope: Scope, unknown: Unknowns })),
    }),
    scope: Scope,
    start: Scope,
    reported: z.array(Report),
    prepared: z.array(
      z.object({
        name: z.string(),
        by: z.enum(['protocol', 'sql']),
        n: z.int().nullable(),
        sql: Text.nullable(),
        types: z.array(z.int()),
        columns: z.array(Column).nullable(),
        opaque: z.boolean(),
      }),
    ),
    portals: z.array(
      z.object({
        name: z.string(),
        by: z.enum(['protocol', 'cursor']),
        n: z.int().nullable(),
        statement: z.string().nullable(),
        sql: Text.nullable(),
        hold: z.boolean(),
        depth: z.int(),
        columns: z.array(Column).nullable(),
        formats: z.array(z.int()).nullable(),
        opaque: z.boolean(),
        rows: z.int(),
      }),
    ),
    copy: z
      .object({ direction: z.enum(['in', 'out', 'both']), messages: z.int(), bytes: z.int(), ended: z.boolean() })
      .nullable(),
    decision: z.object({ n: z.int(), verdict: Verdict, rule: z.string() }).nullable(),
    hold: z.object({ n: z.int(), approval: z.string(), mode: z.enum(['wait', 'retry']), until: z.int() }).nullable(),
    answer: z
      .object({
        n: z.int().nullable(),
        outcome: z.enum(['running', 'ok', 'error', 'cancelled', 'skipped', 'refused', 'suspended', 'unknown']),
        tag: z.string().nullable(),
        columns: z.array(Column).nullable(),
        masks: z.array(z.string().nullable()).nullable(),
        rows: z.int(),
        kept: z.int(),
      })
      .nullable(),
    handed: z.object({ rows: z.int(), kept: z.int(), bytes: z.int(), digest: z.string() }),
    lastError: z.object({ severity: z.string(), sqlstate: z.string(), message: Text, n: z.int().nullable() }).nullable(),
    unknown: Unknowns,
    pending: z.array(z.object({ kind: z.string(), n: z.int().nullable() })),
    skipping: z.boolean(),
    open: z.object({ c: OpenMessage.nullable(), s: OpenMessage.nullable() }),
    bytes: z.object({ client: z.int(), server: z.int(), lost: z.int() }),
    closed: z.object({ reason: z.string(), tail: z.enum(['known', 'unknown']) }).nullable(),
  } satisfies Record<keyof SessionState, z.ZodType>)
  .meta({ id: 'SessionState' });

type ReadonlyDeep<T> = T extends object ? { readonly [K in keyof T]: ReadonlyDeep<T[K]> } : T;
export type State = ReadonlyDeep<z.infer<typeof State>>;

export function stateOf(state: SessionState): State {
  const { c, s } = state.open;
  const open = (message: typeof c) => message && { type: message.type, length: message.length, have: message.have };
  return {
    ...state,
    pending: state.pending.map((request) => ({ kind: request.kind, n: 'n' in request ? request.n : null })),
    open: { c: open(c), s: open(s) },
  };
}

/** The state without anything that a client wrote or was handed: the shape of it stays. */
export function redactedState(state: State): State {
  const withoutText = <T extends { readonly sql: unknown }>(list: readonly T[]) => list.map((one) => ({ ...one, sql: null }));
  return {
    ...state,
    scope: redactedScope(state.scope),
    start: redactedScope(state.start),
    reported: state.reported.map(({ name }) => ({ name, value: '' })),
    transaction: {
      ...state.transaction,
      levels: state.transaction.levels.map((level) => ({ ...level, scope: redactedScope(level.scope) })),
    },
    prepared: withoutText(state.prepared),
    portals: withoutText(state.portals),
    lastError: state.lastError && { ...state.lastError, message: '' },
  };
}

/** A setting of an application may hold a secret: which were set is told, to what is not. */
const redactedScope = (scope: State['scope']): State['scope'] => ({
  ...scope,
  settings: scope.settings.map(({ name }) => ({ name, value: null, local: null })),
});
