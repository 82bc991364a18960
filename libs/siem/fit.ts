/** What a text takes in JSON, in bytes. */
const jsonBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text));

/** The longest beginning of a text that takes at most so many bytes in JSON; no character is cut in two. */
export function fitText(text: string, bytes: number): string {
  if (text.length * 6 + 2 <= bytes || jsonBytes(text) <= bytes) return text;
  let fits = 0;
  let tooLong = Math.min(text.length, bytes) + 1;
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (jsonBytes(text.slice(0, middle)) <= bytes) fits = middle;
    else tooLong = middle;
  }
  const isHalf = /[\ud800-\udbff]/.test(text.charAt(fits - 1));
  return text.slice(0, isHalf ? fits - 1 : fits);
}

/** The first of a list that together take at most so many bytes in JSON. */
export function fitList(list: readonly string[], bytes: number): string[] {
  let taken = 2;
  const first: string[] = [];
  for (const text of list) {
    taken += jsonBytes(text) + 1;
    if (taken > bytes) break;
    first.push(text);
  }
  return first;
}
