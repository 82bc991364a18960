import { type Lineage, type Masked, plainLineage } from '#masking';
import type { Written } from '#sql';
import type { Meaning } from './meaning.js';

/** A decided statement, until the end of its answer. */
export interface Running {
  readonly n: number;
  startedUs: number;
  rows: number;
  bytes: number;
  /** Bytes of its result whose content was kept. */
  kept: number;
  /** A limit was passed: no later row is kept, so that what is kept has no holes. */
  capped: boolean;
  /** Its answer is complete, or never comes. */
  ended: boolean;
  /** Its statement.completed was written. */
  completed: boolean;
  columns: readonly Column[] | undefined;
  /** What masks made of its text: absent where nothing was sent. */
  readonly masking: Masked | undefined;
  /** Which of its result columns come from masked ones. */
  readonly lineage: Lineage;
  /** Result columns in which the content net found something. */
  netted: Set<number> | undefined;
  /** What its success changes in the names that the session knows. */
  readonly applied?: () => void;
}

/** @param i the statement's place in the text that `meaning` is of */
export function newRunning(n: number, applied?: () => void, meaning?: Meaning, i = 0): Running {
  const running = {
    n,
    startedUs: 0,
    rows: 0,
    bytes: 0,
    kept: 0,
    capped: false,
    ended: false,
    completed: false,
    columns: undefined,
    masking: meaning?.masking,
    lineage: meaning?.lineages[i] ?? plainLineage,
    netted: undefined,
  };
  return applied ? { ...running, applied } : running;
}

/** What the client is told in a statement's place. */
export interface Refused {
  readonly error: Buffer;
  readonly sqlstate: string;
}

export interface Column {
  readonly name: string;
  readonly type: number;
  /** Its values come from a column that the rewrite put a mask in the place of. */
  readonly masked?: 'rewrite';
}

export interface Prepared {
  /** The id of its statement.prepared, or of the PREPARE that made it. */
  readonly n: number;
  readonly name: string;
  readonly sql: Buffer;
  readonly written: readonly Written[];
  readonly parameterTypes: readonly number[];
  /** The pipeline in which it was made: until ParseComplete, nobody outside that pipeline may rely on it. */
  readonly pipeline: number;
  settled: boolean;
  columns: readonly Column[] | undefined;
  /** What it means as of `epoch` of the session's state. */
  meaning: Meaning;
  epoch: number;
  /** Of the catalog that `meaning` was made on. */
  catalog: string;
  /** Tells what was sent in its place from any other text. */
  readonly forwarded: string;
}

/** When something was decided: what has been sent of changes by then, and the catalog and the pipeline that it was decided in. */
export interface Moment {
  readonly changes: number;
  readonly names: number;
  readonly catalog: string;
  readonly pipeline: number;
}

/** A portal of the protocol, or an SQL cursor: both can be executed by either. */
export interface Portal {
  readonly name: string;
  readonly meaning: Meaning;
  readonly prepared: Prepared | undefined;
  /** Its execution under way; the first one's from the moment of Bind. */
  running: Running;
  /** Execute was sent: another one is a statement of its own. */
  executed: boolean;
  /** Absent for an SQL cursor: it is open, and stays what it is. */
  readonly boundAt: Moment | undefined;
  columns: readonly Column[] | undefined;
  /** A Describe of it is on its way, or was answered. */
  described: boolean;
}

/** What the server still owes an answer to, in the order in which it was sent. */
export type Expected =
  | { readonly kind: 'query'; readonly statements: readonly Running[]; at: number }
  | { readonly kind: 'parse'; readonly prepared: Prepared; readonly before: Prepared | undefined }
  | { readonly kind: 'bind'; readonly portal: Portal }
  | { readonly kind: 'describe'; readonly of: Prepared | Portal | undefined }
  /** The proxy's own Describe of a portal that the client did not describe: its answer goes no further. */
  | { readonly kind: 'tags'; readonly portal: Portal }
  | { readonly kind: 'execute'; readonly running: Running; readonly portal: Portal }
  /** `closed`: the statement whose name it takes away. */
  | { readonly kind: 'close'; readonly closed: Prepared | undefined }
  | { readonly kind: 'sync' }
  /** An injected statement that fails in place of a refused one: the server's error is replaced by ours. */
  | { readonly kind: 'refusal'; readonly form: 'query' | 'parse'; readonly running: Running; readonly refused: Refused }
  /** The proxy's own question about the session's state: its answer goes no further. */
  | {
      readonly kind: 'state';
      readonly rows: (string | null)[][];
      readonly done: (rows: (string | null)[][] | undefined) => void;
      failed: boolean;
    };

/** The statements whose fate an answer decides. */
export function runningOf(expected: Expected): readonly Running[] {
  switch (expected.kind) {
    case 'query':
      return expected.statements.slice(expected.at);
    case 'execute':
    case 'refusal':
      return [expected.running];
    default:
      return [];
  }
}
