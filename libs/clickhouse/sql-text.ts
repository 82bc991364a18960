import type { PartRecord } from '#events';

/**
 * The SQL in a chunk of a part `sql`, for search and display: what a Query or Parse frame
 * (https://www.postgresql.org/docs/current/protocol-message-formats.html) holds between its head and the NUL that ends the text.
 * Null for other parts, and for one that was not kept. Bytes that are no UTF-8 show as U+FFFD here; the part has them as they were.
 */
export function sqlTextOf({ header, bytes }: PartRecord): string | null {
  if (header.name !== 'sql' || header.n === 0) return null;
  const from = header.i === 0 ? textStart(bytes) : 0;
  const end = bytes.indexOf(0, from);
  return bytes.toString('utf8', from, end < 0 ? bytes.length : end);
}

function textStart(bytes: Buffer): number {
  // A frame's length is below 2^30, so its second byte is no letter: text that merely begins with Q or P is not taken for one.
  const framed = bytes.length > 5 && (bytes[1] ?? 0) < 0x20;
  if (framed && bytes[0] === query) return 5;
  if (framed && bytes[0] === parse) return bytes.indexOf(0, 5) + 1;
  return 0; // the text itself
}

/** Q, length, text, NUL. */
const query = 0x51;
/** P, length, name, NUL, text, NUL, types of parameters. */
const parse = 0x50;
