// What is on record is whatever a client or a row held. Marks that hide or reorder text would show a reader, and one who votes, another
// statement than the one that runs: they are spelled out. Line ends and tabs stay.
const hidden = /(?!\r\n)[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}]/gu;

const spelled = (mark: string): string => `⟨U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;

/** What came from the api, with nothing in its texts that cannot be seen. */
export function visible<T>(value: T): T {
  if (typeof value === 'string') return value.replace(hidden, spelled) as T;
  if (Array.isArray(value)) return value.map(visible) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, visible(member as unknown)])) as T;
}
