import { Catalog } from './catalog.js';
import { catalogParts, type CatalogPart } from './queries.js';
import type {
  BuiltInColumns,
  CatalogSnapshot,
  Column,
  Relation,
  RelationKind,
  StoredCalls,
  StoredPlace,
  TriggerEvent,
  UserCast,
  UserFunction,
  UserType,
} from './snapshot.js';

type Row = readonly (string | null)[];

/**
 * Builds a catalog from what the `catalogQueries` gave.
 * @param results per query its rows, every value as Postgres' text
 * @throws MalformedCatalog when the results are not those of the queries
 */
export function buildCatalog(results: readonly (readonly Row[])[]): Catalog {
  if (results.length !== catalogParts.length) throw new MalformedCatalog(`${results.length} results`);
  return new Catalog(snapshotOf(new Rows(results)));
}

export class MalformedCatalog extends Error {
  override readonly name = 'MalformedCatalog';
}

/** Results by name; cells by position, never absent. */
class Rows {
  constructor(private readonly results: readonly (readonly Row[])[]) {}

  of(part: CatalogPart): readonly Cells[] {
    return (this.results[catalogParts.indexOf(part)] ?? []).map((row) => new Cells(part, row));
  }

  /** Rows by the OID in one of their cells. */
  by(part: CatalogPart, cell: number): Map<number, Cells[]> {
    const groups = new Map<number, Cells[]>();
    for (const row of this.of(part)) {
      const oid = row.number(cell);
      const group = groups.get(oid);
      if (group) group.push(row);
      else groups.set(oid, [row]);
    }
    return groups;
  }
}

class Cells {
  constructor(
    private readonly part: string,
    private readonly row: Row,
  ) {}

  text(cell: number): string {
    const value = this.row[cell];
    if (value === undefined || value === null) throw new MalformedCatalog(`${this.part} lacks its value ${cell}`);
    return value;
  }
  optional(cell: number): string | undefined {
    return this.row[cell] ?? undefined;
  }
  number(cell: number): number {
    const number = Number(this.text(cell));
    if (!Number.isSafeInteger(number)) throw new MalformedCatalog(`${this.part}: value ${cell} is no number`);
    return number;
  }
  is(cell: number): boolean {
    return this.text(cell) === 't';
  }
  numbers(cell: number): number[] {
    const text = this.text(cell);
    return text === '' ? [] : text.split(' ').map(Number);
  }
}

function snapshotOf(rows: Rows): CatalogSnapshot {
  const [database] = rows.of('database');
  if (!database) throw new MalformedCatalog('no database');
  const calls = storedCalls(rows);
  return {
    database: { oid: database.number(0), name: database.text(1) },
    serverVersion: database.number(2),
    schemas: rows
      .of('schemas')
      .map((row) => row.text(0))
      .sort(),
    relations: relations(rows, calls),
    functions: rows.of('functions').map(userFunction).sort(byOid),
    operators: ordered(
      rows.of('operators').map((row) => ({
        schema: row.text(0),
        name: row.text(1),
        left: row.number(2),
        right: row.number(3),
        function: row.number(4),
      })),
    ),
    casts: ordered(rows.of('casts').map(userCast)),
    types: rows
      .of('types')
      .map((row) => userType(row, calls))
      .sort(byOid),
    builtIn: {
      relations: rows
        .of('builtInRelations')
        .map((row) => `${row.text(0)}.${row.text(1)}`)
        .sort(),
      columns: builtInColumns(rows),
      functions: rows
        .of('builtInFunctions')
        .map((row) => row.text(0))
        .sort(),
      volatileFunctions: rows
        .of('builtInFunctions')
        .filter((row) => row.is(1))
        .map((row) => row.text(0))
        .sort(),
      operators: rows
        .of('builtInOperators')
        .map((row) => row.text(0))
        .sort(),
      types: rows
        .of('builtInTypes')
        .map((row) => ({ oid: row.number(0), name: row.text(1) }))
        .sort(byOid),
    },
  };
}

function builtInColumns(rows: Rows): BuiltInColumns[] {
  const relations = new Map<string, { schema: string; name: string; columns: Column[] }>();
  for (const row of rows.of('builtInColumns')) {
    const [schema, name] = [row.text(0), row.text(1)];
    const known = relations.get(`${schema}.${name}`) ?? { schema, name, columns: [] };
    relations.set(`${schema}.${name}`, known);
    known.columns.push({ name: row.text(3), number: row.number(2), type: row.number(4), typeText: row.text(5), generated: false });
  }
  for (const { columns } of relations.values()) columns.sort((a, b) => a.number - b.number);
  return [...relations].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, relation]) => relation);
}

const byOid = (a: { readonly oid: number }, b: { readonly oid: number }): number => a.oid - b.oid;

/** In the order of their JSON, which nothing but their content decides. */
function ordered<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, json: JSON.stringify(item) }))
    .sort((a, b) => (a.json < b.json ? -1 : 1))
    .map(({ item }) => item);
}

const kinds: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  p: 'partitioned table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
  S: 'sequence',
  i: 'index',
  I: 'index',
  c: 'composite type',
};

const ruleEvents = { '1': 'SELECT', '2': 'UPDATE', '3': 'INSERT', '4': 'DELETE' } as const;

function relations(rows: Rows, calls: Map<number, StoredCalls[]>): Relation[] {
  const columns = rows.by('columns', 0);
  const keys = rows.by('uniqueKeys', 0);
  const parents = rows.by('parents', 0);
  const triggers = rows.by('triggers', 0);
  const rules = rows.by('rules', 0);
  const foreignKeys = rows.by('foreignKeys', 0);
  return rows
    .of('relations')
    .map((row): Relation => {
      const oid = row.number(0);
      const own = (columns.get(oid) ?? []).sort((a, b) => a.number(1) - b.number(1));
      const nameOf = new Map(own.map((column) => [column.number(1), column.text(2)]));
      return {
        oid,
        schema: row.text(1),
        name: row.text(2),
        kind: kinds[row.text(3)] ?? 'table',
        rowType: row.number(4),
        rowSecurity: row.is(5),
        isPartition: row.is(6),
        columns: own.map((column) => ({
          name: column.text(2),
          number: column.number(1),
          type: column.number(3),
          typeText: column.text(4),
          generated: column.text(5) !== '',
          ...(column.optional(6) !== undefined && { collation: `${column.text(6)}.${column.text(7)}` }),
        })),
        keys: ordered((keys.get(oid) ?? []).map((key) => keyColumns(key, nameOf))),
        parents: (parents.get(oid) ?? []).map((parent) => parent.number(1)).sort((a, b) => a - b),
        triggers: ordered(
          (triggers.get(oid) ?? []).map((trigger) => ({ events: triggerEvents(trigger.number(1)), function: trigger.number(2) })),
        ),
        rules: [...new Set((rules.get(oid) ?? []).map((rule) => ruleEvents[rule.text(1) as keyof typeof ruleEvents]))].sort(),
        cascades: ordered((foreignKeys.get(oid) ?? []).flatMap(cascades)),
        calls: calls.get(oid) ?? [],
      };
    })
    .sort(byOid);
}

const keyColumns = (key: Cells, nameOf: ReadonlyMap<number, string>): string[] =>
  key
    .numbers(2)
    .slice(0, key.number(1))
    .map((column) => nameOf.get(column) ?? '')
    .sort();

const triggerBits: readonly (readonly [number, TriggerEvent])[] = [
  [4, 'INSERT'],
  [8, 'DELETE'],
  [16, 'UPDATE'],
  [32, 'TRUNCATE'],
];

const triggerEvents = (type: number): TriggerEvent[] =>
  triggerBits.filter(([bit]) => (type & bit) !== 0).map(([, event]) => event);

// On DELETE: c deletes, n and d update; on UPDATE: all of them update.
function cascades(row: Cells): Relation['cascades'][number][] {
  const to = row.number(1);
  const [onDelete, onUpdate] = [row.text(2), row.text(3)];
  const acts = (action: string): boolean => 'cnd'.includes(action);
  return [
    ...(acts(onDelete) ? [{ to, on: 'DELETE' as const, by: onDelete === 'c' ? ('DELETE' as const) : ('UPDATE' as const) }] : []),
    ...(acts(onUpdate) ? [{ to, on: 'UPDATE' as const, by: 'UPDATE' as const }] : []),
  ];
}

const firstUserOid = 16384;

/** What stored expressions call, by the OID of the relation or domain that owns them. */
function storedCalls(rows: Rows): Map<number, StoredCalls[]> {
  const calls = new Map<number, StoredCalls[]>();
  for (const [owner, own] of rows.by('expressions', 1)) {
    const places = [...new Set(own.map((row) => row.text(0)))].sort();
    calls.set(
      owner,
      places.map((place) => {
        const of = (what: (kind: string) => boolean): Cells[] => own.filter((row) => row.text(0) === place && what(row.text(2)));
        const functions = of((kind) => kind !== 'relid' && kind !== 'resulttype');
        const relations = of((kind) => kind === 'relid');
        return {
          place: place as StoredPlace,
          functions: distinct(functions.map((row) => row.number(3)).filter((oid) => oid >= firstUserOid)),
          builtInFunctions: names(functions.filter((row) => row.number(3) < firstUserOid).map((row) => row.optional(4) ?? '?')),
          relations: distinct(relations.map((row) => row.number(3)).filter((oid) => oid >= firstUserOid && oid !== owner)),
          builtInRelations: names(relations.flatMap((row) => row.optional(5) ?? [])),
          types: distinct(of((kind) => kind === 'resulttype').map((row) => row.number(3))),
        };
      }),
    );
  }
  return calls;
}

const distinct = (oids: readonly number[]): number[] => [...new Set(oids)].sort((a, b) => a - b);
const names = (all: readonly string[]): string[] => [...new Set(all)].sort();

const functionKinds: Readonly<Record<string, UserFunction['kind']>> = { p: 'procedure', a: 'aggregate', w: 'window' };
const volatilities: Readonly<Record<string, UserFunction['volatility']>> = { i: 'immutable', s: 'stable' };
const castContexts: Readonly<Record<string, UserCast['context']>> = { i: 'implicit', a: 'assignment' };

function userFunction(row: Cells): UserFunction {
  return {
    oid: row.number(0),
    schema: row.text(1),
    name: row.text(2),
    kind: functionKinds[row.text(3)] ?? 'function',
    volatility: volatilities[row.text(4)] ?? 'volatile',
    securityDefiner: row.is(5),
    arguments: row.numbers(6),
    defaults: row.number(7),
    variadic: row.number(8) !== 0,
    returns: row.number(9),
    language: row.text(10),
  };
}

function userCast(row: Cells): UserCast {
  return {
    source: row.number(0),
    target: row.number(1),
    function: row.number(2),
    context: castContexts[row.text(3)] ?? 'explicit',
  };
}

const typeKinds: Readonly<Record<string, UserType['kind']>> = {
  b: 'base',
  c: 'composite',
  d: 'domain',
  e: 'enum',
  r: 'range',
  m: 'multirange',
  p: 'pseudo',
};

function userType(row: Cells, calls: Map<number, StoredCalls[]>): UserType {
  const oid = row.number(0);
  return {
    oid,
    schema: row.text(1),
    name: row.text(2),
    kind: typeKinds[row.text(3)] ?? 'base',
    of: distinct([row.number(4), row.number(5), row.number(7)].filter((part) => part !== 0)),
    relation: row.number(6),
    calls: calls.get(oid) ?? [],
  };
}
