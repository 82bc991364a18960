import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Recipe } from './recipe.js';

type Environment = Readonly<Record<string, string>>;

/** A folder in which a recipe is followed: its files are there, and what it installs. */
export class Kitchen {
  private constructor(
    readonly folder: string,
    private readonly env: Environment,
  ) {}

  /** With what npm has installed in this clone: nothing is installed. */
  static here({ files }: Recipe): Kitchen {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-recipe-'));
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    write(files, folder);
    return new Kitchen(folder, {});
  }

  /** With what the recipe installs, once on a machine: it is kept in the user's cache, outside of the clone. */
  static async installed({ page, files, install = '' }: Recipe, env: Environment = {}): Promise<Kitchen> {
    const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
    const folder = join(cache, 'sallyport-test', 'recipes', page);
    const kitchen = new Kitchen(folder, env);
    const mark = join(folder, 'installed');
    const ingredients = createHash('sha256')
      .update(JSON.stringify([install, [...files]]))
      .digest('hex');
    if (existsSync(mark) && readFileSync(mark, 'utf8') === ingredients) return kitchen;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    write(files, folder);
    await kitchen.run(install, {});
    writeFileSync(mark, ingredients);
    return kitchen;
  }

  /** What a script of the recipe prints. @throws with what it wrote to stderr, where it fails */
  async run(script: string, env: Environment): Promise<string> {
    return (await promisify(execFile)('/bin/bash', [...strict, script], this.around(env))).stdout;
  }

  /** A script that the test talks to; what it writes to stderr is shown. */
  start(script: string, env: Environment): ChildProcess {
    return spawn('/bin/bash', [...strict, script], { ...this.around(env), stdio: ['pipe', 'pipe', 'inherit'] });
  }

  clear(): void {
    rmSync(this.folder, { recursive: true });
  }

  /** What the page says, and nothing that is the test's own. */
  private around(env: Environment): { readonly cwd: string; readonly env: Environment } {
    const { PATH = '', HOME = '' } = process.env;
    return { cwd: this.folder, env: { PATH, HOME, LC_ALL: 'C.UTF-8', ...this.env, ...env } };
  }
}

const strict = ['--norc', '-euo', 'pipefail', '-c'];

function write(files: Recipe['files'], folder: string): void {
  for (const [name, text] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
