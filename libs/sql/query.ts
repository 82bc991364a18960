/** A query as it is written: what its result columns are made of. Nothing is resolved. WHERE, ORDER BY and their like are left out. */
export interface WrittenQuery {
  readonly with: readonly WithQuery[];
  readonly body: QueryBody;
}

export type QueryBody =
  | { readonly kind: 'select'; readonly from: readonly FromItem[]; readonly columns: readonly OutputColumn[] }
  /** By column: what all rows have in it. */
  | { readonly kind: 'values'; readonly columns: readonly Expression[] }
  /** UNION, INTERSECT, EXCEPT: by those sides whose rows are shown. */
  | { readonly kind: 'combined'; readonly sides: readonly WrittenQuery[] }
  /** Nested too deep to be looked at. */
  | { readonly kind: 'unread' };

export interface WithQuery {
  readonly name: string;
  readonly names: readonly string[];
  readonly recursive: boolean;
  /** Absent where it is no query but an INSERT, UPDATE, DELETE or MERGE. */
  readonly query?: WrittenQuery;
  /** SEARCH or CYCLE add columns of their own. */
  readonly adds: boolean;
}

/** What stands in FROM. `names` are those that its alias gives its first columns. */
export type FromItem =
  | {
      readonly kind: 'relation';
      /** Its index among the statement's `relations`. */
      readonly relation: number;
      readonly alias?: string;
      readonly names: readonly string[];
    }
  | {
      readonly kind: 'query';
      readonly query: WrittenQuery;
      readonly lateral: boolean;
      readonly alias?: string;
      readonly names: readonly string[];
    }
  /** A function, XMLTABLE, JSON_TABLE: its columns are not known from its text, unless all of them are listed. */
  | {
      readonly kind: 'function';
      readonly value: Expression;
      readonly alias?: string;
      readonly names: readonly string[];
      readonly listed: boolean;
    }
  | {
      readonly kind: 'join';
      readonly join: 'inner' | 'left' | 'right' | 'full';
      readonly left: FromItem;
      readonly right: FromItem;
      readonly using: readonly string[];
      readonly natural: boolean;
      readonly alias?: string;
      readonly names: readonly string[];
    };

export type OutputColumn =
  /** Without a name where Postgres makes one up. */
  | { readonly kind: 'value'; readonly name?: string; readonly value: Expression }
  /** `*`: an empty path; `t.*`: the path of `t`. */
  | { readonly kind: 'star'; readonly path: readonly string[] }
  /** `(x).*`: as many columns as the value has fields. */
  | { readonly kind: 'fields'; readonly value: Expression };

/** What a value is made of. */
export interface Expression {
  readonly reads: readonly ColumnRead[];
  /** Queries whose rows it is made of; EXISTS is not among them. */
  readonly queries: readonly WrittenQuery[];
  /** It is what it reads, as it is: a column, or what constant keys pick out of one. */
  readonly plain: boolean;
}

export interface ColumnRead {
  /** The names as Postgres reads them; a whole row ends in `*`. Fields of a composite value follow: `(t).a` is `t`, `a`. */
  readonly path: readonly string[];
  /** What `->`, `#>` and subscripts pick out of it. */
  readonly keys: readonly string[];
}
