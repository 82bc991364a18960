import type { BigIntStats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { LogFormat } from '#reconciliation';

/** A file of the log as it was listed. */
export interface Listed {
  readonly name: string;
  readonly path: string;
  /** Undefined: its first byte tells. */
  readonly format: LogFormat | undefined;
  readonly size: number;
  readonly mtimeMs: number;
  /** The same for as long as it is the same file. */
  readonly inode: string;
}

/** Which files are the log of a server. */
export interface LogPlace {
  /** A directory, a file, or files by `*` and `?` in the last part. */
  readonly path: string;
  readonly format: LogFormat | 'auto';
}

/**
 * The log's files, the oldest first.
 * @throws an error of the file system when the directory cannot be listed
 */
export async function listLog({ path, format }: LogPlace): Promise<Listed[]> {
  const isDirectory = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  const directory = isDirectory ? path : dirname(path);
  const matches = isDirectory ? isLog : globOf(basename(path));
  const names = (await readdir(directory)).filter((name) => matches.test(name) && !isPacked.test(name));
  const chosen = format === 'auto' && names.some((name) => formatOf(name) === 'jsonlog') ? 'jsonlog' : format;
  const wanted = names.filter((name) => chosen === 'auto' || (formatOf(name) ?? chosen) === chosen);
  const listed = await Promise.all(wanted.map((name) => describe(directory, name, chosen)));
  return listed.filter((file) => file !== undefined).sort((a, b) => a.mtimeMs - b.mtimeMs || (a.name < b.name ? -1 : 1));
}

/** `postgresql-Mon.json`, and what rotation by name makes of it: `postgresql.json.1`. */
const isLog = /\.(json|csv)(\.[^.]+)?$/;
const isPacked = /\.(gz|bz2|xz|zst|lz4|zip)$/;

function globOf(pattern: string): RegExp {
  const literal = (text: string): string => text.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${literal(pattern).replaceAll('*', '.*').replaceAll('?', '.')}$`);
}

function formatOf(name: string): LogFormat | undefined {
  if (/\.json(\.[^.]+)?$/.test(name)) return 'jsonlog';
  return /\.csv(\.[^.]+)?$/.test(name) ? 'csvlog' : undefined;
}

async function describe(directory: string, name: string, chosen: LogPlace['format']): Promise<Listed | undefined> {
  const path = join(directory, name);
  const found = await stat(path, { bigint: true }).catch(() => undefined); // it vanished
  if (!found?.isFile()) return undefined;
  const format = formatOf(name) ?? (chosen === 'auto' ? undefined : chosen);
  return { name, path, format, ...sizeAndTime(found), inode: `${found.dev}:${found.ino}` };
}

export const sizeAndTime = ({ size, mtimeNs }: BigIntStats): Pick<Listed, 'size' | 'mtimeMs'> => ({
  size: Number(size),
  mtimeMs: Number(mtimeNs) / 1e6,
});
