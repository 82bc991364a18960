import { z } from 'zod';
import { Count, envelope, Instant, Micros, Sha256Hex, Uuid } from './envelope.js';
import { Durability, RunContext } from './session.js';
import { writtenOnce } from './template.js';

/** What one statement does, as far as its text and the catalog tell. */
export const StatementFacts = writtenOnce(
  z.strictObject({
    /** The command as Postgres names it: `SELECT`, `CREATE TABLE`, … */
    verb: z.string(),
    effects: z.array(z.enum(['read', 'write', 'ddl', 'privilege', 'code', 'file', 'network', 'session', 'transaction'])),
    /** Relations read and written, `schema.name`; `?.name` where the catalog knows none. */
    reads: z.array(z.string()),
    writes: z.array(z.string()),
    /** Functions called that are not built-ins, `schema.name`. */
    functions: z.array(z.string()),
    /** Settings that it changes by SET or RESET; absent where it changes none by name. */
    settings: z.array(z.string()).optional(),
    /** Roles that it makes the session run as; `*` where its text does not tell which, or keeps one for later. Absent: none. */
    assumes: z.array(z.string()).optional(),
    /** An UPDATE or DELETE that no WHERE on a unique key bounds. */
    unbounded: z.boolean(),
    /** What the analysis could not see into, or found dangerous; sorted. */
    risks: z.array(z.string()),
    /** Where it stands in its text, in bytes. */
    from: Count,
    to: Count,
  }),
);
export type StatementFacts = z.infer<typeof StatementFacts>;

/** Who decided: a rule of the policy, or the proxy itself (`sallyport:…`). */
export const Verdict = z.enum(['allow', 'deny', 'hold']);
export type Verdict = z.infer<typeof Verdict>;

/** The state that a decision was made on. */
export const DecidedOn = z.strictObject({
  catalog: Sha256Hex,
  role: z.string(),
  searchPath: z.array(z.string()),
  transaction: z.enum(['I', 'T', 'E']),
});
export type DecidedOn = z.infer<typeof DecidedOn>;

export const StatementPrepared = envelope(
  'statement.prepared',
  1,
  z.strictObject({
    n: Count,
    /** The name under which the client prepared it; empty for the unnamed one. */
    name: z.string(),
    parameterTypes: z.array(z.int()),
    statements: z.array(StatementFacts),
  }),
);

export const StatementDecided = envelope(
  'statement.decided',
  1,
  z.strictObject({
    n: Count,
    /** A Query string of several statements has the ids n … n+count−1. */
    count: Count,
    form: z.enum(['query', 'parse', 'bind', 'execute', 'call']),
    /** The id of the statement.prepared that it executes. */
    prepared: Count.optional(),
    portal: z.string().optional(),
    verdict: Verdict,
    rule: z.string(),
    reason: z.string().optional(),
    sqlstate: z.string().optional(),
    approval: Uuid.optional(),
    policy: Sha256Hex,
    analyzer: z.string(),
    durability: Durability,
    on: DecidedOn,
    statements: z.array(StatementFacts),
    /** Masked columns that it reads, `schema.table.column`; the text that was sent is the part `forwarded`. */
    masked: z.array(z.string()).optional(),
    /** The agent's run at this statement: the session's, and what a comment of the statement says. */
    run: RunContext.optional(),
  }),
);

export const StatementHeld = envelope(
  'statement.held',
  1,
  z.strictObject({
    n: Count,
    approval: Uuid,
    /** Groups whose members may vote. */
    approvers: z.array(z.string()),
    /** SHA-256 over all that an approval binds. */
    binding: Sha256Hex,
    mode: z.enum(['wait', 'retry']),
    quorum: Count,
    until: Instant,
  }),
);

const ResultColumn = writtenOnce(z.strictObject({ masked: z.string().optional(), name: z.string(), type: z.int() }));

export const StatementCompleted = envelope(
  'statement.completed',
  1,
  z.strictObject({
    n: Count,
    outcome: z.enum(['ok', 'error', 'cancelled', 'skipped', 'refused', 'suspended', 'unknown']),
    tag: z.string().optional(),
    /** DataRows handed to the client for it, and their bytes. */
    rows: Count,
    bytes: Count,
    sqlstate: z.string().optional(),
    /** From sending it to the end of its answer. */
    us: Micros.optional(),
    /** As RowDescription gave them. `masked`: its cells come from a masked column (`rewrite`), or the content net covered something in one (`net`). */
    columns: z.array(ResultColumn).optional(),
  }),
);

export const ProxyStatement = envelope(
  'proxy.statement',
  1,
  z.strictObject({
    /** Why the proxy itself spoke to the server. */
    purpose: z.enum(['catalog', 'state', 'refusal', 'settings']),
    n: Count.optional(),
    sql: z.string(),
    outcome: z.enum(['ok', 'error', 'unknown']).optional(),
  }),
);
