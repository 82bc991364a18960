import path from 'node:path';
import { crc32 } from 'node:zlib';
import { type Files, type OpenFile, readUpTo } from './files.js';

/**
 * How far a log may be read, published by its writer in the file `head`, rewritten in place after each commit:
 *
 *   "SPH1" | u32 segment | u48 published | u48 durable | u8 sealed | u32 crc
 */
export interface Head {
  readonly segment: number;
  /** Readers stop here: what a write has appended counts only once it is published. */
  readonly published: number;
  /** So much of the segment is known to be on disk: at most `published`. */
  readonly durable: number;
  /** A write beyond `published` failed: whatever lies there never counts, not even after a restart. */
  readonly sealed: boolean;
}

const magic = 0x53504831;
const headBytes = 25;

export const headFile = (dir: string): string => path.join(dir, 'head');

/** The writer's side. */
export class HeadFile {
  private readonly bytes = Buffer.alloc(headBytes);

  private constructor(private readonly file: OpenFile) {
    this.bytes.writeUInt32BE(magic, 0);
  }

  static async open(files: Files, dir: string): Promise<HeadFile> {
    return new HeadFile(await files.open(headFile(dir), 'create'));
  }

  read(): Promise<Head | undefined> {
    return readHead(this.file);
  }

  publish({ segment, published, durable, sealed }: Head): void {
    this.bytes.writeUInt32BE(segment, 4);
    this.bytes.writeUIntBE(published, 8, 6);
    this.bytes.writeUIntBE(durable, 14, 6);
    this.bytes.writeUInt8(sealed ? 1 : 0, 20);
    this.bytes.writeUInt32BE(crc32(this.bytes.subarray(0, 21)), 21);
    this.file.writeNow(this.bytes, 0);
  }

  datasync(): Promise<void> {
    return this.file.datasync();
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** Nothing when no head was published yet, or while one is being rewritten. */
export async function readHead(file: OpenFile): Promise<Head | undefined> {
  const bytes = await readUpTo(file, headBytes, 0);
  if (bytes.length < headBytes || bytes.readUInt32BE(0) !== magic) return undefined;
  if (crc32(bytes.subarray(0, 21)) !== bytes.readUInt32BE(21)) return undefined;
  return {
    segment: bytes.readUInt32BE(4),
    published: bytes.readUIntBE(8, 6),
    durable: bytes.readUIntBE(14, 6),
    sealed: bytes.readUInt8(20) === 1,
  };
}
