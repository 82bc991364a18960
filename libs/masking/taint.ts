import type { CoveredRelation } from './plan.js';

const jsonb = 3802;

/** That a value may come from a masked column. */
export interface Taint {
  /** `schema.table.column`. */
  readonly column: string;
  /** Where in the value the masked one stands: empty where it is the value itself, or may be anywhere in it. */
  readonly path: readonly string[];
}

export type Taints = readonly Taint[];

/** What a column of a relation is masked by. */
export function taintsOf({ relation, masked }: CoveredRelation, column: string): Taints {
  const name = `${relation.schema}.${relation.name}.${column}`;
  const isDocument = relation.columns.some((one) => one.name === column && one.type === jsonb);
  return (masked.get(column) ?? []).map(({ path = [] }) => ({ column: name, path: isDocument ? path : [] }));
}

/** What is left where keys pick something out of a value. */
export const picked = (taints: Taints, keys: readonly string[]): Taints =>
  taints.flatMap(({ column, path }) => {
    if (path.some((key, i) => i < keys.length && keys[i] !== key)) return [];
    return [{ column, path: path.slice(keys.length) }];
  });

/** Where something was made of the values: what stood at a path may stand anywhere. */
export const made = (taints: Taints): Taints => union([taints.map(({ column }) => ({ column, path: [] }))]);

/** Each once, in an order of their own. */
export function union(all: readonly Taints[]): Taints {
  const byKey = new Map(all.flat().map((taint) => [JSON.stringify([taint.column, taint.path]), taint]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, taint]) => taint);
}
