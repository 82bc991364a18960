/** A snapshot's lists are in an order that nothing but their content decides: equal catalogs give equal hashes. */

export const byOid = (a: { readonly oid: number }, b: { readonly oid: number }): number => a.oid - b.oid;

/** In the order of their JSON. */
export function ordered<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, json: JSON.stringify(item) }))
    .sort((a, b) => (a.json < b.json ? -1 : 1))
    .map(({ item }) => item);
}

export const distinctOids = (oids: readonly number[]): number[] => [...new Set(oids)].sort((a, b) => a - b);

export const distinctNames = (all: readonly string[]): string[] => [...new Set(all)].sort();
