import path from 'node:path';
import { crc32 } from 'node:zlib';
import { type Topic, topics } from '#events';
import { z } from 'zod';
import { batchHeadBytes, decodeBatch, type Fault } from './batch.js';
import { type Files, type OpenFile, readUpTo } from './files.js';
import { LogCorrupt, type LogRecord } from './port.js';

/**
 * A segment file: a header of 4096 bytes, then batches, then zeros up to the size that it was prepared with.
 *
 *   header := "SPSEG1\0\0" | u32 bytes of JSON | u32 crc of it | JSON | zeros
 */
export const segmentHeaderBytes = 4096;
const magic = Buffer.from('SPSEG1\0\0', 'latin1');
const jsonAt = magic.length + 8;

const topicNames = Object.values(topics);
const Count = z.int().min(0);
const SegmentHeader = z.strictObject({
  log: z.uuid(),
  boot: Count,
  segment: Count,
  /** The segment before this one and how much of it counts: what lies beyond belongs to a write that failed or was cut short. */
  previous: z.strictObject({ segment: Count, length: Count }).optional(),
  /** The topics that records here name by their place in this list, and the offset of the first record of each. */
  topics: z.array(z.strictObject({ topic: z.enum(topicNames), base: Count })),
});
export type SegmentHeader = Readonly<z.infer<typeof SegmentHeader>>;

export interface Segment {
  readonly file: string;
  readonly header: SegmentHeader;
  readonly topics: readonly Topic[];
  /** The crc that this segment's batches carry on from. */
  readonly seed: number;
}

export const segmentFile = (dir: string, segment: number): string => path.join(dir, `${String(segment).padStart(10, '0')}.seg`);
/** The number in a segment's file name; nothing for another file's. */
export const segmentNumber = (name: string): number | undefined => (/^\d{10}\.seg$/.test(name) ? parseInt(name, 10) : undefined);

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const out = Buffer.alloc(segmentHeaderBytes);
  magic.copy(out);
  const json = Buffer.from(JSON.stringify(header));
  if (json.length > segmentHeaderBytes - jsonAt) throw new RangeError('a segment header of more than its page');
  out.writeUInt32LE(json.length, magic.length);
  out.writeUInt32LE(crc32(json), magic.length + 4);
  json.copy(out, jsonAt);
  return out;
}

export function segmentOf(file: string, header: SegmentHeader): Segment {
  return { file, header, topics: header.topics.map(({ topic }) => topic), seed: crc32(Buffer.from(JSON.stringify(header))) };
}

/** @throws LogCorrupt when the file does not begin with a header */
export async function readSegment(file: string, open: OpenFile): Promise<Segment> {
  const bytes = await readUpTo(open, segmentHeaderBytes, 0);
  const length =
    bytes.length === segmentHeaderBytes && bytes.subarray(0, magic.length).equals(magic) ? bytes.readUInt32LE(magic.length) : -1;
  const json = bytes.subarray(jsonAt, jsonAt + Math.max(length, 0));
  if (length < 0 || length !== json.length || crc32(json) !== bytes.readUInt32LE(magic.length + 4))
    throw new LogCorrupt(file, 0, 'it does not begin with a segment header');
  return segmentOf(file, SegmentHeader.parse(JSON.parse(json.toString('utf8'))));
}

/** The numbers of the segments in a directory, ascending. */
export async function listSegments(files: Files, dir: string): Promise<number[]> {
  const numbers = (await files.list(dir)).map(segmentNumber).filter((n) => n !== undefined);
  return numbers.sort((a, b) => a - b);
}

const windowBytes = 1024 * 1024;

/** Reads a segment's batches one after the other, in windows of 1 MiB or one batch. Records are slices of their window. */
export class SegmentScan {
  private window: Buffer = Buffer.alloc(0);
  private windowAt = 0;

  constructor(
    private readonly segment: Segment,
    private readonly open: OpenFile,
    public position = segmentHeaderBytes,
  ) {}

  /** The next batch below `limit`; a fault, in bytes of the file, where there is none; nothing when the limit is reached. */
  async next(limit: number): Promise<readonly LogRecord[] | Fault | undefined> {
    const at = this.position;
    if (at >= limit) return undefined;
    const head = await this.slice(batchHeadBytes, limit);
    const length = head ? batchHeadBytes + head.readUInt32LE(0) : 0;
    if (length === batchHeadBytes) return { at, why: 'no batch begins here' };
    const bytes = head && (await this.slice(length, limit));
    if (!bytes) return { at, why: 'a batch passes the end' };
    const records = decodeBatch(bytes, this.segment.topics, this.segment.seed);
    if (!Array.isArray(records)) return { ...records, at: at + records.at };
    this.position = at + length;
    return records;
  }

  private async slice(length: number, limit: number): Promise<Buffer | undefined> {
    if (this.position + length > limit) return undefined;
    if (this.position + length > this.windowAt + this.window.length) {
      const wanted = Math.max(length, Math.min(windowBytes, limit - this.position));
      this.window = await readUpTo(this.open, wanted, this.position);
      this.windowAt = this.position;
      if (this.window.length < length) return undefined;
    }
    const from = this.position - this.windowAt;
    return this.window.subarray(from, from + length);
  }
}
