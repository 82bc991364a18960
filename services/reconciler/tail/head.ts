import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

const mostBytes = 4096;
const newline = 0x0a;

/**
 * What tells a log file from all others: SHA-256, in hex, of its first line, or of its first 4 KiB where that is longer. A name or an
 * inode is not it: both are used again, and a copy has others. The first line holds the millisecond, the process and the number of a
 * record, so no two files begin alike unless one is the other's copy.
 * @returns undefined as long as the line has no end
 */
export async function headOf(file: FileHandle): Promise<string | undefined> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(mostBytes), 0, mostBytes, 0);
  const line = buffer.subarray(0, bytesRead).indexOf(newline) + 1;
  const length = line > 0 ? line : bytesRead;
  if (line === 0 && bytesRead < mostBytes) return undefined;
  return createHash('sha256').update(buffer.subarray(0, length)).digest('hex');
}
