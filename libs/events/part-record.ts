import { z } from 'zod';
import { template } from './template.js';
import { PartName } from './envelope.js';

/**
 * The bytes of a part travel beside its event, in chunks:
 *
 *   u16 length of the header | header (canonical JSON) | salt (32 bytes) | raw bytes
 *
 * `i` of `n` chunks. A part that was accounted for but not kept is one record with `n` 0: its salt alone, so that whoever
 * holds the bytes can still check them against the commitment.
 */
export const PartHeader = z.strictObject({
  i: z.int().min(0),
  n: z.int().min(0),
  name: PartName,
  producer: z.uuid(),
  pseq: z.int().min(0),
});
export type PartHeader = z.infer<typeof PartHeader>;

export interface PartRecord {
  readonly header: PartHeader;
  readonly salt: Buffer;
  readonly bytes: Buffer;
}

/** The most that one record carries of a part. */
export const partChunkBytes = 512 * 1024;
const saltBytes = 32;
const writeHeader = template(PartHeader);

export function encodePartRecord(header: PartHeader, salt: Uint8Array, bytes: Uint8Array): Buffer {
  const text = writeHeader(header);
  const head = Buffer.byteLength(text);
  const out = Buffer.allocUnsafe(2 + head + saltBytes + bytes.length);
  out.writeUInt16BE(head, 0);
  out.write(text, 2, 'utf8');
  out.set(salt, 2 + head);
  out.set(bytes, 2 + head + saltBytes);
  return out;
}

/** @throws MalformedPart when the bytes are no part record */
export function decodePartRecord(record: Buffer): PartRecord {
  const head = record.length >= 2 ? record.readUInt16BE(0) : 0;
  const salt = 2 + head;
  if (record.length < salt + saltBytes) throw new MalformedPart('shorter than its header says');
  let json: unknown;
  try {
    json = JSON.parse(record.toString('utf8', 2, salt));
  } catch (cause) {
    throw new MalformedPart('its header is no JSON', { cause });
  }
  const header = PartHeader.safeParse(json);
  if (!header.success) throw new MalformedPart(z.prettifyError(header.error));
  return { header: header.data, salt: record.subarray(salt, salt + saltBytes), bytes: record.subarray(salt + saltBytes) };
}

export class MalformedPart extends Error {
  override readonly name = 'MalformedPart';
}
