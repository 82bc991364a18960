import type { Catalog } from '../catalog/catalog.js';
import type { StoredCalls } from '../catalog/snapshot.js';
import type { Written } from '../written.js';
import { judgeBuiltIn } from './calls.js';
import type { Findings } from './findings.js';
import { qualifiedName, type Target } from './names.js';
import type { Risk } from './risks.js';

/**
 * Judges what a stored expression calls.
 * @param unseen the risk of a call that is not built in
 */
export function judgeStored(calls: StoredCalls, unseen: Risk, catalog: Catalog, found: Findings): void {
  for (const oid of calls.functions) {
    const called = catalog.functionByOid(oid);
    found.functions.add(called ? qualifiedName(called.schema, called.name) : `?.${oid}`);
    found.risks.add(unseen);
  }
  for (const name of calls.builtInFunctions) judgeBuiltIn(name, catalog, found);
  for (const type of calls.types) judgeDomains(type, catalog, found);
}

/** A value of a domain runs its checks, and those of what it is made of. */
export function judgeDomains(oid: number, catalog: Catalog, found: Findings, seen = new Set<number>()): void {
  if (seen.has(oid)) return;
  seen.add(oid);
  const type = catalog.typeByOid(oid);
  if (!type) return;
  for (const calls of type.calls) judgeStored(calls, 'domain-function', catalog, found);
  for (const part of type.of) judgeDomains(part, catalog, found, seen);
  const rows = type.kind === 'composite' ? catalog.relationByOid(type.relation) : undefined;
  for (const column of rows?.columns ?? []) judgeDomains(column.type, catalog, found, seen);
}

/** Read a text as a value of whatever type they are told: nothing in the statement names it. */
const readAnyType: ReadonlySet<string> = new Set(['pg_input_is_valid', 'pg_input_error_info']);

/** Built-in functions whose arguments take the type of another one, so that a constant beside a domain's value becomes one, too. */
const polymorphic = /^(array_|lag$|lead$|width_bucket$)/;
const fillsRows = /^jsonb?_populate_record/;

/**
 * Judges the domains whose checks a statement may run without naming them: by functions that are told a type's name, and by constants
 * beside a column of such a type, which the server reads as values of it.
 */
export function judgeDomainsUnnamed(written: Written, targets: readonly Target[], catalog: Catalog, found: Findings): void {
  if (written.functions.some(({ name }) => readAnyType.has(name)))
    for (const { oid } of catalog.snapshot.types) judgeDomains(oid, catalog, found);
  const fills = written.functions.some(({ name }) => fillsRows.test(name));
  const mixes = written.arrays === true || written.functions.some(({ name }) => polymorphic.test(name));
  const isNamed = (column: string): boolean =>
    written.renames === true ||
    written.columns.some(({ path }) => path.at(-1) === column || (path.length > 1 && path.at(-1) === '*'));
  for (const target of targets) {
    if (target.kind !== 'relation') continue;
    for (const { name, type } of target.relation.columns) {
      // A constant beside a plain domain's value is read as what the domain rests on.
      const isRead = isNamed(name) && (mixes || catalog.typeByOid(type)?.kind !== 'domain');
      if (fills || isRead) judgeDomains(type, catalog, found);
    }
  }
}
