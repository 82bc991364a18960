/** What decisions read of a database's catalog. Plain JSON, every list in a fixed order; no row counts, no statistics, no function bodies. */
export interface CatalogSnapshot {
  readonly database: { readonly oid: number; readonly name: string };
  /** As `server_version_num`: 180004. */
  readonly serverVersion: number;
  readonly schemas: readonly string[];
  /** Those that are not built in, by OID; temporary ones and TOAST left out. */
  readonly relations: readonly Relation[];
  readonly functions: readonly UserFunction[];
  readonly operators: readonly UserOperator[];
  readonly casts: readonly UserCast[];
  readonly types: readonly UserType[];
  readonly builtIn: {
    /** `schema.name`, of pg_catalog and information_schema. */
    readonly relations: readonly string[];
    /** Of the few that hold expressions beside names, as `pg_class` does. */
    readonly columns: readonly BuiltInColumns[];
    readonly functions: readonly string[];
    /** Names of which at least one function is volatile. */
    readonly volatileFunctions: readonly string[];
    readonly operators: readonly string[];
    readonly types: readonly { readonly oid: number; readonly name: string }[];
  };
}

export interface BuiltInColumns {
  readonly schema: string;
  readonly name: string;
  /** In the order of their numbers. */
  readonly columns: readonly Column[];
}

export type RelationKind =
  'table' | 'partitioned table' | 'view' | 'materialized view' | 'foreign table' | 'sequence' | 'index' | 'composite type';

export interface Relation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: RelationKind;
  /** The type of its rows; 0 where it has none. */
  readonly rowType: number;
  readonly rowSecurity: boolean;
  /** In the order of their numbers. */
  readonly columns: readonly Column[];
  /** Sets of columns that determine one row: unique indexes without condition or expression. */
  readonly keys: readonly (readonly string[])[];
  /** Tables that it is a partition or an inheritance child of. */
  readonly parents: readonly number[];
  readonly isPartition: boolean;
  /** Enabled triggers of users, by what fires them; functions by OID. */
  readonly triggers: readonly { readonly events: readonly TriggerEvent[]; readonly function: number }[];
  /** Commands that a rule rewrites, a view's own SELECT rule aside. */
  readonly rules: readonly ('SELECT' | 'UPDATE' | 'INSERT' | 'DELETE')[];
  /** Tables whose rows change along when this one's are deleted, or these columns of theirs updated. */
  readonly cascades: readonly {
    readonly to: number;
    readonly columns: readonly string[];
    readonly on: 'DELETE' | 'UPDATE';
    readonly by: 'DELETE' | 'UPDATE';
  }[];
  /** What its stored expressions call, by where they are stored; places without any are left out. */
  readonly calls: readonly StoredCalls[];
}

export type TriggerEvent = 'INSERT' | 'DELETE' | 'UPDATE' | 'TRUNCATE';

export interface Column {
  readonly name: string;
  readonly number: number;
  /** OID of its type. */
  readonly type: number;
  /** As SQL writes it, with its modifier: `character varying(120)`. */
  readonly typeText: string;
  readonly generated: boolean;
  /** Where it is not the type's own: `schema.name`. */
  readonly collation?: string;
}

/** Where an expression is stored: a view's query or a rule, a row security policy, a default or generated column, … */
export type StoredPlace = 'rule' | 'policy' | 'default' | 'check' | 'domain' | 'index' | 'partition' | 'trigger';

export interface StoredCalls {
  readonly place: StoredPlace;
  /** Those that are not built in, by OID. */
  readonly functions: readonly number[];
  /** Names of built-in ones. */
  readonly builtInFunctions: readonly string[];
  /** Relations read, by OID. */
  readonly relations: readonly number[];
  /** Built-in relations read, `schema.name`. */
  readonly builtInRelations: readonly string[];
  /** Types, not built in, that values are turned into. */
  readonly types: readonly number[];
}

export interface UserFunction {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: 'function' | 'procedure' | 'aggregate' | 'window';
  readonly volatility: 'immutable' | 'stable' | 'volatile';
  readonly securityDefiner: boolean;
  /** OIDs of the types of its arguments. */
  readonly arguments: readonly number[];
  /** How many of the last of them have defaults. */
  readonly defaults: number;
  readonly variadic: boolean;
  readonly returns: number;
  readonly language: string;
}

export interface UserOperator {
  readonly schema: string;
  readonly name: string;
  /** 0 for a prefix operator. */
  readonly left: number;
  readonly right: number;
  readonly function: number;
}

export interface UserCast {
  readonly source: number;
  readonly target: number;
  /** 0 where no function runs. */
  readonly function: number;
  readonly context: 'explicit' | 'assignment' | 'implicit';
}

export interface UserType {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: 'base' | 'composite' | 'domain' | 'enum' | 'range' | 'multirange' | 'pseudo';
  /** The types that it is made of: a domain's base, an array's element, a range's bound. */
  readonly of: readonly number[];
  /** The relation that holds a composite type's columns, or 0. */
  readonly relation: number;
  /** What a domain's checks call. */
  readonly calls: readonly StoredCalls[];
}
