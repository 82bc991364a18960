import type { Catalog } from '../catalog/catalog.js';
import type { UserFunction } from '../catalog/snapshot.js';
import type { FunctionReference, Written } from '../written.js';
import { builtInRisk, isKnownSyntax } from './built-ins.js';
import type { Findings } from './findings.js';
import { qualifiedName } from './names.js';
import type { PresentTypes } from './presence.js';

/** Judges what a statement's own text calls: functions, operators, casts, types, syntax that hides a function. */
export function judgeCalls(
  written: Written,
  catalog: Catalog,
  present: PresentTypes,
  columns: ReadonlySet<string>,
  found: Findings,
): void {
  for (const call of written.functions) judgeFunction(call, catalog, present, columns, found);
  judgeOperators(written, catalog, present, found);
  judgeTypes(written, catalog, found);
  judgeCasts(written, catalog, present, found);
  judgeFields(written, catalog, present, found);
  if (written.unknown.length > 0) found.risks.add('unknown-node');
  if (!written.special.every((special) => isKnownSyntax(special, catalog.serverVersion))) found.risks.add('unknown-node');
}

const isBuiltInSchema = (schema: string): boolean => schema === 'pg_catalog' || schema === 'information_schema';

function judgeFunction(
  call: FunctionReference,
  catalog: Catalog,
  present: PresentTypes,
  columns: ReadonlySet<string>,
  found: Findings,
): void {
  const { schema, name } = call;
  if (schema !== undefined && !isBuiltInSchema(schema)) {
    found.functions.add(qualifiedName(schema, name));
    found.risks.add(
      catalog.userFunctions(name).some(({ kind }) => kind === 'aggregate') ? 'aggregate-unseen' : 'function-unseen',
    );
    return;
  }
  const candidates = catalog.userFunctions(name).filter((one) => isSchema(one, schema) && fits(one, call.arguments, present));
  for (const candidate of candidates) {
    found.functions.add(qualifiedName(candidate.schema, candidate.name));
    found.risks.add(candidate.kind === 'aggregate' ? 'aggregate-unseen' : 'function-unseen');
  }
  if (catalog.isBuiltInFunction(name)) judgeBuiltIn(name, catalog, found);
  else if (candidates.length === 0 && !isOtherNotation(call, catalog, columns)) {
    // Nobody knows it: made a moment ago, or not there at all.
    found.functions.add(qualifiedName(schema ?? '?', name));
    found.risks.add('function-unseen');
  }
}

const isSchema = (one: UserFunction, schema: string | undefined): boolean => schema === undefined || one.schema === schema;

function fits({ arguments: types, defaults, variadic }: UserFunction, count: number, present: PresentTypes): boolean {
  const enough = count >= types.length - defaults - (variadic ? 1 : 0);
  return enough && (variadic || count <= types.length) && types.every((type) => present.has(type));
}

// `text(x)` may be a cast, `name(t)` a column.
const isOtherNotation = (
  { name, arguments: count }: FunctionReference,
  catalog: Catalog,
  columns: ReadonlySet<string>,
): boolean => count === 1 && (columns.has(name) || catalog.builtInType(name) !== undefined);

/** What a call of a built-in function by name risks, wherever it stands. */
export function judgeBuiltIn(name: string, catalog: Catalog, found: Findings): void {
  const risk = builtInRisk(name, catalog.isVolatileBuiltIn(name));
  if (risk !== undefined) found.risks.add(risk);
  if (risk === 'file') found.effects.add('file');
  if (risk === 'dynamic-sql') found.effects.add('code');
  if (risk === 'setting') {
    found.effects.add('session');
    found.matters = true;
  }
  if (name === 'nextval' || risk === 'sequence' || risk === 'large-object') found.effects.add('write');
}

function judgeOperators(written: Written, catalog: Catalog, present: PresentTypes, found: Findings): void {
  for (const { schema, name } of written.operators) {
    if (schema === 'pg_catalog') continue;
    const called = catalog.userOperators(name).filter((one) => present.has(one.left) && present.has(one.right));
    if (schema !== undefined || called.length > 0) found.risks.add('operator-unseen');
  }
}

function judgeTypes(written: Written, catalog: Catalog, found: Findings): void {
  for (const { schema, name } of written.types) {
    const builtIn = catalog.builtInType(name) !== undefined || catalog.isBuiltInRelation('pg_catalog', name);
    if (schema === 'pg_catalog' || schema === 'information_schema' || (schema === undefined && builtIn)) continue;
    const known = catalog.userTypes(name).some((type) => schema === undefined || type.schema === schema);
    if (!known) found.risks.add('type-unseen');
  }
}

/** The types that a statement names, those of users by every schema that has one of that name. */
export function namedTypes(written: Written, catalog: Catalog): number[] {
  return written.types.flatMap(({ name }) => catalog.userTypes(name).map(({ oid }) => oid));
}

function judgeCasts(written: Written, catalog: Catalog, present: PresentTypes, found: Findings): void {
  if (catalog.userCasts.length === 0) return;
  const targets = new Set(
    written.types
      .filter(({ use }) => use === 'cast')
      .flatMap(({ name }) => [catalog.builtInType(name) ?? 0, ...catalog.userTypes(name).map(({ oid }) => oid)]),
  );
  const runs = catalog.userCasts.some(
    (cast) =>
      cast.function !== 0 &&
      present.has(cast.source) &&
      present.has(cast.target) &&
      (targets.has(cast.target) ||
        cast.context === 'implicit' ||
        (cast.context === 'assignment' && written.modifications.length > 0)),
  );
  if (runs) found.risks.add('cast-unseen');
}

// `c.f` and `(c).f` call f(c) where the row has no column f.
function judgeFields(written: Written, catalog: Catalog, present: PresentTypes, found: Findings): void {
  for (const { path, field } of written.columns) {
    if (path.length < 2 && !field) continue;
    for (const one of catalog.userFunctions(path.at(-1) ?? '')) {
      const [argument] = one.arguments;
      const isRow = argument !== undefined && catalog.typeByOid(argument)?.kind === 'composite' && present.has(argument);
      if (!isRow || one.arguments.length !== 1) continue;
      found.functions.add(qualifiedName(one.schema, one.name));
      found.risks.add('function-unseen');
    }
  }
}
