import type { DefinitionCall } from '../written.js';
import { endOfName, skipSpace } from './identifiers.js';

/** Built-in functions that write out what is stored of an object, its literals included: an index's condition, a view's query, a comment. */
export const definitionFunctions: ReadonlySet<string> = new Set(
  `
  col_description obj_description shobj_description pg_get_constraintdef pg_get_function_arg_default pg_get_function_arguments
  pg_get_function_sqlbody pg_get_functiondef pg_get_indexdef pg_get_partition_constraintdef pg_get_partkeydef pg_get_ruledef
  pg_get_statisticsobjdef pg_get_statisticsobjdef_columns pg_get_statisticsobjdef_expressions pg_get_triggerdef pg_get_viewdef
  `
    .trim()
    .split(/\s+/),
);

const bracket = 0x28;

/** Where a call's name stands, with its opening bracket; undefined where the text reads otherwise. */
export function definitionCall(sql: Uint8Array, path: readonly string[], from: number): DefinitionCall | undefined {
  const end = endOfName(sql, from, path.length);
  const open = end === undefined ? -1 : skipSpace(sql, end);
  return sql[open] === bracket ? { from, to: open + 1 } : undefined;
}
