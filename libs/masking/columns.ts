import type { ColumnReference } from '#sql';

/**
 * Whether a statement may read one of these columns of a relation, however it names it: by itself, in a star, or as part of the whole row.
 * Errs towards yes.
 * @param rows the names by which the relation's row may be called
 */
export function namesAnyOf(references: readonly ColumnReference[], columns: ReadonlySet<string>, rows: ReadonlySet<string>): boolean {
  return references.some(
    ({ path }) => path.at(-1) === '*' || path.some((name) => columns.has(name)) || rows.has(path.at(-1) ?? ''),
  );
}
