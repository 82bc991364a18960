import { crc32 } from 'node:zlib';
import type { Topic } from '#events';
import type { LogRecord } from './port.js';

/**
 * What one write appends to a segment. All numbers are little endian.
 *
 *   batch  := u32 bytes of its records | u32 how many | record…
 *   record := u32 crc | u32 bytes of key and value | u8 topic, by its place in the segment's header | u8 bytes of the key | key | value
 *
 * A record's crc is CRC-32 over all of it that follows, carried on from the crc before it: the first record carries on from that of
 * the batch's own two words, and these from the segment header's. So each record is checked where it stands, and the last crc of a
 * batch holds only if all of it is there. No batch is empty: two zero words are space that was never written.
 */
export const batchHeadBytes = 8;
const recordHeadBytes = 10;
const mostKeyBytes = 255;

export function batchBytes(records: readonly LogRecord[]): number {
  let bytes = batchHeadBytes;
  for (const { key, value } of records) bytes += recordHeadBytes + Buffer.byteLength(key) + value.length;
  return bytes;
}

/** @param bytes what batchBytes said @param seed the crc of the segment's header */
export function encodeBatch(records: readonly LogRecord[], bytes: number, topics: readonly Topic[], seed: number): Buffer {
  const out = Buffer.allocUnsafe(bytes);
  out.writeUInt32LE(bytes - batchHeadBytes, 0);
  out.writeUInt32LE(records.length, 4);
  let crc = crc32(out.subarray(0, batchHeadBytes), seed);
  let at = batchHeadBytes;
  for (const { topic, key, value } of records) {
    const keyBytes = out.write(key, at + recordHeadBytes);
    const code = topics.indexOf(topic);
    if (keyBytes > mostKeyBytes || code < 0) throw new RangeError(`no record of ${topic} with a key of ${keyBytes} bytes`);
    const end = at + recordHeadBytes + keyBytes + value.length;
    out.writeUInt32LE(keyBytes + value.length, at + 4);
    out.writeUInt8(code, at + 8);
    out.writeUInt8(keyBytes, at + 9);
    out.set(value, at + recordHeadBytes + keyBytes);
    crc = crc32(out.subarray(at + 4, end), crc);
    out.writeUInt32LE(crc, at);
    at = end;
  }
  return out;
}

/** Why bytes are no batch, and where in them that shows. */
export interface Fault {
  readonly at: number;
  readonly why: string;
}

/** Reads the one batch that these bytes are. Values are slices of them. */
export function decodeBatch(bytes: Buffer, topics: readonly Topic[], seed: number): LogRecord[] | Fault {
  const count = bytes.readUInt32LE(4);
  const records: LogRecord[] = [];
  let crc = crc32(bytes.subarray(0, batchHeadBytes), seed);
  let at = batchHeadBytes;
  while (at < bytes.length) {
    if (bytes.length - at < recordHeadBytes) return { at, why: 'a record passes the end of its batch' };
    const end = at + recordHeadBytes + bytes.readUInt32LE(at + 4);
    if (end > bytes.length) return { at, why: 'a record passes the end of its batch' };
    crc = crc32(bytes.subarray(at + 4, end), crc);
    if (crc !== bytes.readUInt32LE(at)) return { at, why: 'its checksum does not hold' };
    const topic = topics[bytes.readUInt8(at + 8)];
    const value = at + recordHeadBytes + bytes.readUInt8(at + 9);
    if (topic === undefined || value > end) return { at, why: 'a record that no writer writes' };
    records.push({ topic, key: bytes.toString('utf8', at + recordHeadBytes, value), value: bytes.subarray(value, end) });
    at = end;
  }
  return records.length === count && count > 0
    ? records
    : { at: 0, why: `${records.length} records where ${count} were written` };
}
