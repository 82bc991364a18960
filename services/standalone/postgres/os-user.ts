import { execFileSync } from 'node:child_process';

/** An operating system user other than our own. */
export interface OsUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom Postgres runs as: it refuses root, so root hands it to a user that has no rights. Nobody is added to the system.
 * @returns undefined when it runs as ourselves
 */
export function postgresUser(): OsUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const found = ['postgres', 'nobody'].map(lookUp).find((user) => user !== undefined);
  if (!found) throw new Error('as root, Postgres needs another user to run as: neither postgres nor nobody exists here');
  return found;
}

function lookUp(name: string): OsUser | undefined {
  try {
    const id = (flag: string): number =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    return { name, uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined; // `id` fails when there is no such user
  }
}
