import { crc32 } from 'node:zlib';
import type { BundleFile } from './bundle.js';

/**
 * A ZIP archive (PKWARE APPNOTE 6.3), its files stored as they are: for each a local header and its bytes, then the central directory
 * and its end. Names are UTF-8. Every file is of 1980, so that the same files give the same bytes.
 */
export function zip(files: readonly BundleFile[]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const { name, bytes } of files) {
    const path = Buffer.from(name, 'utf8');
    const about = description(path, bytes);
    const header = Buffer.concat([u32(0x04034b50), about, path]);
    // Version made by; then what the local header says; no comment, disk 0, no attributes, and where that header is.
    central.push(u32(0x02014b50), u16(version), about, u16(0), u16(0), u16(0), u32(0), u32(at), path);
    local.push(header, bytes);
    at += header.length + bytes.length;
  }
  const directory = Buffer.concat(central);
  const counts = [u16(files.length), u16(files.length)];
  const end = Buffer.concat([u32(0x06054b50), u16(0), u16(0), ...counts, u32(directory.length), u32(at), u16(0)]);
  return Buffer.concat([...local, directory, end]);
}

const version = 20;
const utf8Names = 0x0800;
const stored = 0;
/** 1 January 1980 in MS-DOS format, midnight. */
const date = 0x0021;

function description(path: Buffer, bytes: Buffer): Buffer {
  const sizes = [u32(bytes.length), u32(bytes.length)];
  return Buffer.concat([
    ...[u16(version), u16(utf8Names), u16(stored), u16(0), u16(date), u32(crc32(bytes))],
    ...[...sizes, u16(path.length), u16(0)],
  ]);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
