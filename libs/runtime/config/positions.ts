import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type Pair } from 'yaml';

/** Line and column, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where the value at `path` stands; for one that is missing, where the nearest thing around it begins. */
export function positionOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): Position {
  let node: unknown = document.contents;
  let offset = startOf(node);
  for (const step of path) {
    const [inner, at] = enter(document, node, step);
    offset = at ?? offset;
    if (inner === undefined) break;
    node = inner;
  }
  return at(lines, offset);
}

/** Where the key itself stands, for one that should not be there. */
export function positionOfKey(document: Document, lines: LineCounter, path: readonly PropertyKey[], key: string): Position {
  let node: unknown = document.contents;
  for (const step of path) [node] = enter(document, node, step);
  const pair = pairOf(document, node, key);
  return pair ? at(lines, startOf(pair.key)) : positionOf(document, lines, path);
}

export function at(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

/** One step down: the node there, and the offset to show for it. */
function enter(document: Document, node: unknown, step: PropertyKey): [unknown, number | undefined] {
  const here = follow(document, node);
  if (isSeq(here)) {
    const item: unknown = here.items[Number(step)];
    return [item, item === undefined ? undefined : startOf(item)];
  }
  const pair = pairOf(document, here, String(step));
  if (!pair) return [undefined, undefined];
  const inside = follow(document, pair.value);
  // A scalar is shown where it stands; a block is shown by its key, which is what a reader looks for.
  return [pair.value, isMap(inside) || isSeq(inside) || inside === null ? startOf(pair.key) : startOf(pair.value)];
}

function pairOf(document: Document, node: unknown, key: string): Pair | undefined {
  const here = follow(document, node);
  return isMap(here) ? here.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key) : undefined;
}

const follow = (document: Document, node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
const startOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0;
