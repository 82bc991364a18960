import type { Catalog } from '../catalog/catalog.js';
import type { Relation } from '../catalog/snapshot.js';
import type { Modification, RowLocking } from '../written.js';
import type { Target } from './names.js';

/** Whether an UPDATE, DELETE or MERGE may touch more than the rows of one key, or an upsert those of a whole query. */
export function isUnbounded(modification: Modification, target: Target | undefined, only: boolean, catalog: Catalog): boolean {
  if (modification.open) return true;
  if (modification.command === 'INSERT' || modification.currentOf) return false;
  return !hasKey(modification.keys, target, only, catalog);
}

export const locksAll = (locking: RowLocking, target: Target | undefined, catalog: Catalog): boolean =>
  !hasKey(locking.keys, target, false, catalog);

// A key of a partitioned table holds over its partitions; one of an inheritance parent says nothing about its children.
function hasKey(columns: readonly string[], target: Target | undefined, only: boolean, catalog: Catalog): boolean {
  if (target?.kind !== 'relation' || columns.length === 0) return false;
  const { relation } = target;
  const children = only || relation.kind === 'partitioned table' ? [] : catalog.descendants(relation.oid);
  return [relation, ...children].every((one) => coversKey(columns, one));
}

const coversKey = (columns: readonly string[], relation: Relation): boolean =>
  relation.keys.some((key) => key.length > 0 && key.every((column) => columns.includes(column)));
