import type { StatementFacts } from '#events';
import type { WrittenQuery } from './query.js';

export type Effect = StatementFacts['effects'][number];

/**
 * What one statement says, as it is written: nothing is looked up, no name is resolved. Plain JSON, so it crosses threads.
 * Positions are byte offsets in the UTF-8 text.
 */
export interface Written {
  /** One of `verbs`: the command as Postgres names it, `SELECT FOR UPDATE`, `SELECT INTO` and `SET ROLE` told apart from their kin. */
  readonly verb: string;
  /** The statement's bytes [from, to) in its text, without the semicolon. */
  readonly from: number;
  readonly to: number;
  readonly effects: readonly Effect[];
  /** Every reference to a relation, CTE names included, in the order of the tree. */
  readonly relations: readonly RelationReference[];
  /** Distinct by name and number of arguments; `at` is the first call. */
  readonly functions: readonly FunctionReference[];
  /** Distinct. */
  readonly operators: readonly QualifiedName[];
  /** Distinct by name and use. */
  readonly types: readonly TypeReference[];
  /** Distinct by path; `at` is the first place. */
  readonly columns: readonly ColumnReference[];
  /** Syntax that hides a function: `SQLValueFunction CURRENT_USER`, `XmlExpr XMLPARSE`, `JsonScalarExpr`, … Distinct. */
  readonly special: readonly string[];
  /** Each INSERT, UPDATE, DELETE and MERGE, those inside WITH too. */
  readonly modifications: readonly Modification[];
  /** Whether the statement itself (not a sub-select) has a WHERE. */
  readonly where: boolean;
  /** Whether the statement itself has a LIMIT or FETCH FIRST. */
  readonly limit: boolean;
  /** Row locks taken anywhere in the statement. */
  readonly locking: readonly RowLocking[];
  /** What it does to the session. */
  readonly act: Act;
  /** Tags of the tree that the reader does not know: never to be allowed unseen. Sorted. */
  readonly unknown: readonly string[];
  /** Set where the statement has something in a place that is for a secret, as `ALTER ROLE … PASSWORD`. */
  readonly secret?: true;
  /**
   * Set where a column may be read that no column reference names: NATURAL and USING, the alias of a join, a list of column aliases.
   */
  readonly renames?: true;
  /** What it shows; absent where it is no query. */
  readonly query?: WrittenQuery;
  /** Where column references name their table with its schema, each place of them; absent without any. */
  readonly qualified?: readonly QualifiedColumn[];
  /** Each call of a function that writes out a stored definition; absent without any. */
  readonly definitions?: readonly DefinitionCall[];
  /** It writes an array out, `ARRAY[…]`: what stands beside it may be read as another value of its elements' type. */
  readonly arrays?: true;
  /** An ALTER that drops: a column, a constraint, a partition. */
  readonly drops?: true;
  /** Roles that it makes the session run as, `*` for one that its text does not tell; absent without any. */
  readonly assumes?: readonly string[];
}

export interface QualifiedName {
  readonly schema?: string;
  readonly name: string;
}

export interface RelationReference extends QualifiedName {
  /** Set where a database is named too: `db.schema.table`. */
  readonly database?: string;
  readonly alias?: string;
  /** `write`: target of DML, COPY FROM or TRUNCATE. `lock`: LOCK TABLE. `ddl`: made, changed or dropped. */
  readonly access: 'read' | 'write' | 'lock' | 'ddl';
  /** The bytes of the name as written, quotes and schema included; absent where Postgres keeps no position (DROP TABLE a). */
  readonly at?: number;
  readonly end?: number;
  /** ONLY: inheritance children are left out. */
  readonly only: boolean;
  /** TABLESAMPLE. */
  readonly sampled: boolean;
  /** Somewhere below an INSERT, UPDATE, DELETE or MERGE. */
  readonly modifying: boolean;
  /** It names a WITH query in scope, not a table. */
  readonly cte: boolean;
  /** Made as TEMPORARY. */
  readonly temporary: boolean;
}

export interface FunctionReference extends QualifiedName {
  readonly arguments: number;
  readonly at: number;
}

export interface TypeReference extends QualifiedName {
  readonly array: boolean;
  /** `literal`: a string constant is read as this type, no cast is looked up. `other`: a column's or argument's type. */
  readonly use: 'cast' | 'literal' | 'other';
}

export interface ColumnReference {
  /** The names as Postgres reads them, `*` last for a star. */
  readonly path: readonly string[];
  /** Picked from a composite value: `(c).ssn` gives the column `c` and the field `ssn`. Also how a function may be called. */
  readonly field: boolean;
  /** Absent for a field: Postgres keeps no position. */
  readonly at?: number;
}

/** The bytes [from, to) of a function's name and of the bracket that opens its arguments. */
export interface DefinitionCall {
  readonly from: number;
  readonly to: number;
}

/** `schema.table.column`: the bytes [from, to) of all that stands before the table's own name. */
export interface QualifiedColumn {
  readonly schema: string;
  readonly table: string;
  readonly from: number;
  readonly to: number;
}

export interface Modification {
  readonly command: 'INSERT' | 'UPDATE' | 'DELETE' | 'MERGE';
  /** What it may do to a row: ON CONFLICT DO UPDATE and the branches of a MERGE included. */
  readonly events: readonly RowEvent[];
  /** The index of its target among `relations`. */
  readonly target: number;
  /** Columns that an UPDATE, or an UPDATE branch of the others, gives a value. */
  readonly assigned: readonly string[];
  /** Columns of the target that a top-level AND compares with constants or parameters for equality. */
  readonly keys: readonly string[];
  /** It touches rows that no key can bound: WHEN NOT MATCHED BY SOURCE, ON CONFLICT DO UPDATE of a query's rows. */
  readonly open: boolean;
  /** WHERE CURRENT OF a cursor: one row. */
  readonly currentOf: boolean;
}

export type RowEvent = 'INSERT' | 'UPDATE' | 'DELETE';

export interface RowLocking {
  readonly strength: 'UPDATE' | 'NO KEY UPDATE' | 'SHARE' | 'KEY SHARE';
  /** Aliases after OF; empty for all. */
  readonly of: readonly string[];
  /** The index among `relations` of the one table that the locking query reads; absent where it reads none or several. */
  readonly target?: number;
  /** Equality keys of the locking query's own WHERE, as in `Modification`. */
  readonly keys: readonly string[];
}

/** What a statement does to its session, or needs from it. */
export type Act =
  | { readonly kind: 'plain' }
  | { readonly kind: 'set'; readonly name: string; readonly values: readonly string[]; readonly local: boolean }
  /** Back to the default: RESET x, SET x TO DEFAULT. */
  | { readonly kind: 'reset'; readonly name: string; readonly local: boolean }
  | { readonly kind: 'reset-all' }
  | { readonly kind: 'discard'; readonly what: 'all' | 'plans' | 'sequences' | 'temp' }
  | { readonly kind: 'show'; readonly name: string }
  | { readonly kind: 'prepare'; readonly name: string; readonly inner: Written }
  | { readonly kind: 'execute'; readonly name: string }
  /** Without a name: all. */
  | { readonly kind: 'deallocate'; readonly name?: string }
  | { readonly kind: 'declare'; readonly name: string; readonly hold: boolean; readonly inner: Written }
  | { readonly kind: 'fetch'; readonly name: string; readonly move: boolean }
  /** Without a name: all. */
  | { readonly kind: 'close'; readonly name?: string }
  | {
      readonly kind: 'copy';
      readonly direction: 'from' | 'to';
      readonly end: 'client' | 'file' | 'program';
      /** COPY (query): what is copied is no table. */
      readonly query: boolean;
    }
  | {
      readonly kind: 'transaction';
      readonly command: TransactionCommand;
      readonly name?: string;
      readonly modes: readonly Setting[];
    }
  | { readonly kind: 'listen' | 'notify'; readonly channel: string }
  /** Without a channel: all. */
  | { readonly kind: 'unlisten'; readonly channel?: string }
  /** `executes` names the prepared statement of EXPLAIN EXECUTE. */
  | { readonly kind: 'explain'; readonly analyze: boolean; readonly executes?: string };

export interface Setting {
  readonly name: string;
  readonly value: string;
}

export type TransactionCommand =
  | 'begin'
  | 'commit'
  | 'commit-and-chain'
  | 'rollback'
  | 'rollback-and-chain'
  | 'savepoint'
  | 'release'
  | 'rollback-to'
  | 'prepare'
  | 'commit-prepared'
  | 'rollback-prepared';

/** What came of parsing one text. */
export type Parsed =
  | { readonly kind: 'statements'; readonly statements: readonly Written[] }
  /** As Postgres says it; `position` counts characters from 1. */
  | { readonly kind: 'syntax-error'; readonly message: string; readonly position: number }
  /** Not parsed, so never to be forwarded. */
  | { readonly kind: 'refused'; readonly reason: string };
