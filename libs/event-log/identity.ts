import path from 'node:path';
import { z } from 'zod';
import { type Files, readSmall, replaceFile } from './files.js';
import { LogCorrupt } from './port.js';

const Identity = z.strictObject({ log: z.uuid(), boot: z.int().min(0) });
/** Which log this is, and how many times it was opened for writing. */
export type Identity = Readonly<z.infer<typeof Identity>>;

const identityFile = (dir: string): string => path.join(dir, 'log.json');

/** Nothing when the directory holds no log. @throws LogCorrupt */
export async function readIdentity(files: Files, dir: string): Promise<Identity | undefined> {
  const file = identityFile(dir);
  const bytes = await readSmall(files, file);
  if (!bytes) return undefined;
  try {
    return Identity.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    throw new LogCorrupt(file, 0, 'it does not name a log');
  }
}

export function writeIdentity(files: Files, dir: string, identity: Identity): Promise<void> {
  return replaceFile(files, identityFile(dir), Buffer.from(`${JSON.stringify(identity)}\n`));
}
