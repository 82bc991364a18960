import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';

/** A program that a test needs and that npm does not bring. */
export interface Part {
  readonly name: string;
  /** Where it is, or nothing. */
  readonly find: () => string | undefined;
  /** How to get it, in one line. */
  readonly get: string;
}

export const psql: Part = program('psql', 'the package postgresql-client');
export const pgbench: Part = program('pgbench', 'the package postgresql (its contrib part)');
export const pgbouncer: Part = program('pgbouncer', 'the package pgbouncer');
export const strace: Part = program('strace', 'the package strace; Linux only');
export const java: Part = program('java', 'the package default-jre-headless, 17 or later');
export const curl: Part = program('curl', 'the package curl');
export const jq: Part = program('jq', 'the package jq');
/** Python that makes virtual environments: Debian has the module that fills them in a package of its own. */
export const venv: Part = {
  name: 'python3 with venv',
  get: 'the package python3-venv',
  find: () => {
    const python = program('python3', '').find();
    return python !== undefined && spawnSync(python, ['-c', 'import ensurepip']).status === 0 ? python : undefined;
  },
};
/** A file system of its own size: what a full disk is like. */
export const mountable: Part = {
  name: 'the right to mount',
  get: 'running as root on Linux',
  find: () => (process.platform === 'linux' && process.getuid?.() === 0 ? '/bin/mount' : undefined),
};
export const python: Part = program('python3', 'the package python3');
export const maven: Part = program('mvn', 'the package maven; it fetches the Kafka broker');

/**
 * A `describe` that needs parts. Where one is missing its tests are skipped, and say so; with CI=true that is a failure.
 */
export function describePart(parts: readonly Part[], name: string, tests: () => void): void {
  const missing = parts.filter(({ find }) => find() === undefined);
  if (missing.length === 0) {
    describe(name, tests);
    return;
  }
  const why = missing.map((part) => `${part.name} is missing (get it from: ${part.get})`).join('; ');
  if (process.env.CI === 'true') {
    describe(name, () => {
      it('has its parts', () => {
        throw new Error(why);
      });
    });
    return;
  }
  process.stderr.write(`skipped: ${name}: ${why}\n`);
  describe.skip(name, tests);
}

/** The path of a part. @throws Error when it is missing */
export function pathOf(part: Part): string {
  const path = part.find();
  if (path === undefined) throw new Error(`${part.name} is missing (get it from: ${part.get})`);
  return path;
}

function program(name: string, get: string): Part {
  return {
    name,
    get,
    find: () =>
      folders()
        .find((folder) => isProgram(join(folder, name)))
        ?.concat('/', name),
  };
}

/** Debian keeps servers such as pgbouncer where only root's PATH looks. */
const folders = (): string[] => [
  ...(process.env.PATH ?? '').split(':').filter((folder) => folder !== ''),
  '/usr/local/sbin',
  '/usr/sbin',
];

function isProgram(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // there, but not ours to run
  }
}
