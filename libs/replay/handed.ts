import { createHash } from 'node:crypto';
import type { Handed } from './state.js';
import type { Message } from './stream.js';

/**
 * Adds a row, or a COPY message, to what the client was handed. Content that was not kept enters by its commitment and length:
 * other content has another one.
 */
export function hand(handed: Handed, { type, length, count, frame }: Message): Handed {
  const kept = frame instanceof Uint8Array;
  const hash = createHash('sha256').update(handed.digest, 'hex');
  hash.update(kept ? frame : `${type}${length}*${count} ${frame.why} ${frame.commit ?? ''}`);
  const rows = type === 'D' ? count : 0;
  return {
    rows: handed.rows + rows,
    kept: handed.kept + (kept ? rows : 0),
    bytes: handed.bytes + length * count,
    digest: hash.digest('hex'),
  };
}
