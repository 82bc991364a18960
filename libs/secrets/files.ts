import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Replaces a file as a whole: whoever reads it sees the old one or the new one. 0600 unless told. */
export function replaceFile(path: string, text: string, mode = 0o600): void {
  const next = `${path}.${process.pid}`;
  rmSync(next, { force: true });
  writeFileSync(next, text, { mode, flag: 'wx', flush: true });
  renameSync(next, path);
}

export const hasSecret = (folder: string, name: string): boolean => existsSync(join(folder, name));

/** A file of the folder with a secret that stays the same, made at random the first time. */
export function secretFile(folder: string, name: string): { readonly path: string; readonly value: string } {
  const path = join(folder, name);
  if (!hasSecret(folder, name)) replaceFile(path, `${randomBytes(24).toString('base64url')}\n`);
  return { path, value: readFileSync(path, 'utf8').trimEnd() };
}

/** The same, made anew. */
export function renewedSecretFile(folder: string, name: string): { readonly path: string; readonly value: string } {
  rmSync(join(folder, name), { force: true });
  return secretFile(folder, name);
}
