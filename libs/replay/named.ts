interface Named {
  readonly name: string;
}

/** The list with this entry in it, in place of one of the same name; ordered by UTF-16 code units, not by any locale. */
export function put<T extends Named>(list: readonly T[], entry: T): T[] {
  const others = without(list, entry.name);
  const at = others.findIndex(({ name }) => name > entry.name);
  return at < 0 ? [...others, entry] : [...others.slice(0, at), entry, ...others.slice(at)];
}

export const without = <T extends Named>(list: readonly T[], name: string): T[] => list.filter((entry) => entry.name !== name);

export const find = <T extends Named>(list: readonly T[], name: string | null): T | undefined =>
  list.find((entry) => entry.name === name);
