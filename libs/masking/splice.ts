/** Bytes [from, to) of a text, and what stands there instead. */
export interface Splice {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** @param splices in order, none overlapping another */
export function applySplices(sql: Buffer, splices: readonly Splice[]): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { from, to, text } of splices) {
    pieces.push(sql.subarray(at, from), Buffer.from(text, 'utf8'));
    at = to;
  }
  return Buffer.concat([...pieces, sql.subarray(at)]);
}

/** Where a byte of the original text, outside of every splice, stands in the new one. */
export function movedTo(splices: readonly Splice[], at: number): number {
  return splices.reduce(
    (moved, { from, to, text }) => (to <= at ? moved + Buffer.byteLength(text, 'utf8') - (to - from) : moved),
    at,
  );
}

/**
 * Maps positions as errors give them (in characters, from 1) from the new text back to the original. What lies in a splice is mapped to
 * where the spliced name began.
 */
export function positionMap(sql: Buffer, splices: readonly Splice[]): (position: number) => number {
  const characters = (from: number, to: number): number => codePoints(sql.toString('utf8', from, to));
  let read = 0;
  let original = 0;
  let rewritten = 0;
  const spans = splices.map(({ from, to, text }) => {
    const between = characters(read, from);
    const span = {
      original: original + between,
      rewritten: rewritten + between,
      was: characters(from, to),
      is: codePoints(text),
    };
    read = to;
    original = span.original + span.was;
    rewritten = span.rewritten + span.is;
    return span;
  });
  return (position) => {
    const at = position - 1;
    const before = spans.findLast((span) => span.rewritten <= at);
    if (!before) return position;
    const past = at - (before.rewritten + before.is);
    return past < 0 ? before.original + 1 : before.original + before.was + past + 1;
  };
}

function codePoints(text: string): number {
  return Array.from(text).length;
}
