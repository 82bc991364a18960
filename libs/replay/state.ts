import { createHash } from 'node:crypto';
import { canonical, type Durability, type Principal, type Text, type Verdict } from '#events';
import type { Column } from './frames.js';
import type { Request } from './request.js';
import type { OpenMessages } from './stream.js';

/**
 * A session as its events show it after one of them. Plain JSON of integers and text, so it can be stored, compared, hashed.
 * Lists of named things are in the order of names. Null says "none" or, where `unknown` names it, "not shown by the wire".
 */
export interface SessionState {
  readonly session: string | null;
  /** Of the last event folded; −1 before the first. */
  readonly seq: number;
  readonly phase: 'none' | 'opened' | 'authenticated' | 'ready' | 'refused' | 'closed';
  readonly client: { readonly address: string; readonly port: number; readonly user: Text; readonly database: Text } | null;
  readonly who: { readonly principal: Principal; readonly method: string } | null;
  readonly target: string | null;
  readonly database: string | null;
  readonly durability: Durability | null;
  /** The hash of the policy that the last decision was made under. */
  readonly policy: string | null;
  readonly server: { readonly version: string; readonly backend: number } | null;
  readonly transaction: Transaction;
  readonly scope: Scope;
  /** The scope as the session began, which RESET goes back to. */
  readonly start: Scope;
  /** The last ParameterStatus of each setting that the server reports. */
  readonly reported: readonly Report[];
  readonly prepared: readonly PreparedStatement[];
  readonly portals: readonly Portal[];
  readonly copy: Copy | null;
  readonly decision: { readonly n: number; readonly verdict: Verdict; readonly rule: string } | null;
  /** Set while a statement waits for a human. */
  readonly hold: {
    readonly n: number;
    readonly approval: string;
    readonly mode: 'wait' | 'retry';
    readonly until: number;
  } | null;
  /** The answer under way, or the last one. */
  readonly answer: Answer | null;
  /** All that the client was handed so far. */
  readonly handed: Handed;
  readonly lastError: {
    readonly severity: string;
    readonly sqlstate: string;
    readonly message: Text;
    readonly n: number | null;
  } | null;
  /** What cannot be told from the wire, sorted; never guessed. */
  readonly unknown: readonly Unknown[];
  /** Requests that are not answered yet, in order. */
  readonly pending: readonly Request[];
  /** After an error in the extended protocol: the server skips to the next Sync. */
  readonly skipping: boolean;
  readonly open: OpenMessages;
  /** Bytes accounted for of each stream, and how many of them were lost with the log. */
  readonly bytes: { readonly client: number; readonly server: number; readonly lost: number };
  readonly closed: { readonly reason: string; readonly tail: 'known' | 'unknown' } | null;
}

/** What a rollback takes back. */
export interface Scope {
  readonly sessionUser: Scoped<string>;
  /** The setting of that name: `none` where no SET ROLE is in effect. Who the session acts as says `currentRole`. */
  readonly role: Scoped<string>;
  readonly searchPath: Scoped<readonly string[]>;
  readonly settings: readonly Setting[];
  readonly tempTables: readonly TempTable[];
}

/** A value of the session, and the one that SET LOCAL laid over it until the transaction ends. */
export interface Scoped<T> {
  readonly value: T | null;
  readonly local: T | null;
}
export interface Setting extends Scoped<string> {
  readonly name: string;
}
export interface Report {
  readonly name: string;
  readonly value: string;
}
export interface TempTable {
  readonly name: string;
  readonly dropOnCommit: boolean;
}

export interface Transaction {
  /** As ReadyForQuery says it, and between two of them as the statements do; null where the log lost it. */
  readonly status: 'I' | 'T' | 'E' | null;
  /** The transaction and the savepoints in it, outermost first, each with what going back to it restores. */
  readonly levels: readonly Level[];
}
export interface Level {
  /** Null for the transaction itself. */
  readonly savepoint: string | null;
  readonly scope: Scope;
  readonly unknown: readonly Unknown[];
}

export interface PreparedStatement {
  /** Empty for the unnamed one. */
  readonly name: string;
  readonly by: 'protocol' | 'sql';
  /** The id of its statement.prepared. */
  readonly n: number | null;
  readonly sql: Text | null;
  readonly types: readonly number[];
  readonly columns: readonly Column[] | null;
  /** It runs code that may change what the wire does not report. */
  readonly opaque: boolean;
}

export interface Portal {
  readonly name: string;
  /** `cursor`: made by DECLARE. */
  readonly by: 'protocol' | 'cursor';
  readonly n: number | null;
  /** The prepared statement that it runs, of a protocol portal. */
  readonly statement: string | null;
  readonly sql: Text | null;
  readonly hold: boolean;
  /** How many levels the transaction had when it was made; 0 once it outlives the transaction that made it. */
  readonly depth: number;
  readonly columns: readonly Column[] | null;
  readonly formats: readonly number[] | null;
  readonly opaque: boolean;
  /** Rows that it gave. */
  readonly rows: number;
}

export interface Copy {
  readonly direction: 'in' | 'out' | 'both';
  readonly messages: number;
  readonly bytes: number;
  readonly ended: boolean;
}

export interface Answer {
  readonly n: number | null;
  readonly outcome: 'running' | 'ok' | 'error' | 'cancelled' | 'skipped' | 'refused' | 'suspended' | 'unknown';
  readonly tag: string | null;
  readonly columns: readonly Column[] | null;
  /** The mask of each column, null for a column that has none; null before the answer is complete. */
  readonly masks: readonly (string | null)[] | null;
  readonly rows: number;
  /** Of `rows`, those whose content was kept. */
  readonly kept: number;
}

export interface Handed {
  readonly rows: number;
  readonly kept: number;
  readonly bytes: number;
  /** A chain of SHA-256 over every row and COPY message, in hex: one row more, less or other, and it differs. */
  readonly digest: string;
}

/** The parts of a state that the wire may hide. `tail`: what came after the last event, when the proxy died. */
export type Unknown = (typeof hidden)[number] | 'answers' | 'gap' | 'savepoints' | 'tail' | 'transaction';
export const undone = ['role', 'search_path', 'settings', 'temp tables'] as const;
export const hidden = ['portals', 'prepared', ...undone] as const;

const nothing: Scoped<never> = { value: null, local: null };
const noScope: Scope = { sessionUser: nothing, role: nothing, searchPath: nothing, settings: [], tempTables: [] };

export const initialState: SessionState = {
  session: null,
  seq: -1,
  phase: 'none',
  client: null,
  who: null,
  target: null,
  database: null,
  durability: null,
  policy: null,
  server: null,
  transaction: { status: 'I', levels: [] },
  scope: noScope,
  start: noScope,
  reported: [],
  prepared: [],
  portals: [],
  copy: null,
  decision: null,
  hold: null,
  answer: null,
  handed: { rows: 0, kept: 0, bytes: 0, digest: '0'.repeat(64) },
  lastError: null,
  unknown: [],
  pending: [],
  skipping: false,
  open: { c: null, s: null },
  bytes: { client: 0, server: 0, lost: 0 },
  closed: null,
};

/** SHA-256 over the canonical JSON of the state, in hex. */
export const stateHash = (state: SessionState): string => createHash('sha256').update(canonical(state)).digest('hex');

/** What holds at this moment: the transaction's own value where it has one. */
export const effective = <T>(scoped: Scoped<T>): T | null => scoped.local ?? scoped.value;

/** Who the session acts as, as current_user tells it; null where the wire has not shown it yet. */
export const currentRole = ({ role, sessionUser }: Scope): string | null =>
  effective(role) === noRole ? effective(sessionUser) : effective(role);

/** No role can have this name. */
export const noRole = 'none';
