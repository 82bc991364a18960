import { Catalog } from './catalog.js';
import { builtInColumns } from './built-in-columns.js';
import { byOid, distinctOids, ordered } from './order.js';
import { catalogParts } from './queries.js';
import { relations } from './relations.js';
import { type Cells, MalformedCatalog, type Row, Rows } from './rows.js';
import type { CatalogSnapshot, StoredCalls, UserCast, UserFunction, UserType } from './snapshot.js';
import { storedCalls } from './stored-calls.js';

/**
 * Builds a catalog from what the statements that read it gave, in their order.
 * @param results per query its rows, every value as Postgres' text
 * @throws MalformedCatalog when the results are not those of the queries
 */
export function buildCatalog(results: readonly (readonly Row[])[]): Catalog {
  if (results.length !== catalogParts.length) throw new MalformedCatalog(`${results.length} results`);
  return new Catalog(snapshotOf(new Rows(results)));
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
    of: distinctOids([row.number(4), row.number(5), row.number(7)].filter((part) => part !== 0)),
    relation: row.number(6),
    calls: calls.get(oid) ?? [],
  };
}
