import type { Io } from '../terminal/io.js';

/** The first of a list; where there are more, who asked is told so. */
export async function some<T>(io: Io, items: AsyncIterable<T>, limit: number): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) {
    if (found.length === limit) {
      io.stderr.write(`There are more than these ${limit}: see --limit.\n`);
      break;
    }
    found.push(item);
  }
  return found;
}
