/** The items by key, keys and items in the order of their first coming. (Map.groupBy came with Node 21.) */
export function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

export interface BatchBound {
  readonly records: number;
  readonly bytes: number;
}

/** The items in order, in batches within the bound; an item that is longer is a batch of its own. */
export function* inBatches<T extends { readonly value: Buffer | null }>(
  items: readonly T[],
  most: BatchBound,
): Generator<readonly T[]> {
  let start = 0;
  let bytes = 0;
  for (const [i, { value }] of items.entries()) {
    const length = value?.length ?? 0;
    if (i > start && (i - start === most.records || bytes + length > most.bytes)) {
      yield items.slice(start, i);
      start = i;
      bytes = 0;
    }
    bytes += length;
  }
  if (start < items.length) yield items.slice(start);
}
