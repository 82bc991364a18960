import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder `.sallyport`: all that an embedded Sallyport keeps. Secrets are outside of the data. */
export interface Home {
  readonly root: string;
  readonly secrets: string;
  readonly logs: string;
  readonly data: string;
  readonly config: string;
  readonly policy: string;
  readonly demo: string;
  /** What the keeper of the embedded Postgres is told: its place and port. */
  readonly postgres: string;
  readonly lock: string;
}

/** For its owner alone. */
export function openHome(folder: string): Home {
  const root = resolve(folder);
  const home: Home = {
    root,
    secrets: join(root, 'secrets'),
    logs: join(root, 'logs'),
    data: join(root, 'data'),
    config: join(root, 'sallyport.yml'),
    policy: join(root, 'policy.yml'),
    demo: join(root, 'demo.json'),
    postgres: join(root, 'postgres.json'),
    lock: join(root, 'standalone.pid'),
  };
  for (const folder of [home.root, home.secrets, home.data]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  return home;
}

/** Replaces a file as a whole: whoever reads it sees the old one or the new one. 0600. */
export function replaceFile(path: string, text: string): void {
  const next = `${path}.${process.pid}`;
  rmSync(next, { force: true });
  writeFileSync(next, text, { mode: 0o600, flag: 'wx', flush: true });
  renameSync(next, path);
}

export const hasSecret = ({ secrets }: Pick<Home, 'secrets'>, name: string): boolean => existsSync(join(secrets, name));

/** The file of a secret that stays the same from one start to the next, made at random the first time. */
export function secretFile({ secrets }: Pick<Home, 'secrets'>, name: string): { readonly path: string; readonly value: string } {
  const path = join(secrets, name);
  if (!hasSecret({ secrets }, name)) replaceFile(path, `${randomBytes(24).toString('base64url')}\n`);
  return { path, value: readFileSync(path, 'utf8').trimEnd() };
}
