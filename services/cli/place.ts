import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { loadConfig } from '#runtime';
import { Failure } from './failure.js';
import type { Io } from './terminal/io.js';

/** What a running demo leaves for scripts, as far as the CLI reads it. */
const DemoFile = z.object({
  apiUrl: z.string().optional(),
  proxyUrl: z.string().optional(),
  dataDir: z.string(),
  tokens: z.record(z.string(), z.string()).optional(),
});
export type DemoFile = z.infer<typeof DemoFile>;

/**
 * The data directory whose log is read: `--data`, SALLYPORT_DATA, that of SALLYPORT_CONFIG, the running demo's, or the one that a demo
 * left behind.
 * @throws Failure when there is none
 */
export async function dataDir(io: Io, option: string | undefined): Promise<string> {
  const given = option ?? io.env['SALLYPORT_DATA'];
  if (given !== undefined) return path.resolve(io.cwd, given);
  if (io.env['SALLYPORT_CONFIG'] !== undefined) return loadConfig(await configFile(io, undefined), 'cli', io.env).dataDir;
  const demo = await findDemo(io.cwd);
  if (demo) return demo.dataDir;
  const left = await findUp(io.cwd, path.join('.sallyport', 'data'));
  if (left !== undefined) return left;
  throw new Failure('notFound', {
    what: 'There is no log to read',
    why: `neither ${io.cwd} nor a folder above it has a .sallyport/demo.json, and no data directory was named`,
    todo: 'Start the demo (npm run demo) or name one: --data <dir>, or SALLYPORT_DATA.',
  });
}

/**
 * The configuration file: `--config`, SALLYPORT_CONFIG, sallyport.yml in this folder or above it, or the running demo's.
 * @throws Failure when there is none
 */
export async function configFile(io: Io, option: string | undefined): Promise<string> {
  const given = option ?? io.env['SALLYPORT_CONFIG'];
  if (given !== undefined) return path.resolve(io.cwd, given);
  const found = (await findUp(io.cwd, 'sallyport.yml')) ?? (await findUp(io.cwd, path.join('.sallyport', 'sallyport.yml')));
  if (found !== undefined) return found;
  throw new Failure('notFound', {
    what: 'There is no configuration file',
    why: `neither ${io.cwd} nor a folder above it has a sallyport.yml`,
    todo: 'Write one with `sallyport init`, or name one: --config <file>, or SALLYPORT_CONFIG.',
  });
}

/**
 * Where the api is: `--api`, SALLYPORT_API, as SALLYPORT_CONFIG says, the running demo's, or as a sallyport.yml in this folder or above
 * it says.
 * @throws Failure when that is not known
 */
export async function apiUrl(io: Io, option: string | undefined, demo: DemoFile | undefined): Promise<string> {
  const given = option ?? io.env['SALLYPORT_API'];
  if (given !== undefined && !URL.canParse(given)) throw noApi(`${given} is no URL`);
  if (given !== undefined) return given;
  const named = io.env['SALLYPORT_CONFIG'];
  if (named === undefined && demo?.apiUrl !== undefined) return demo.apiUrl;
  const file = named === undefined ? await findUp(io.cwd, 'sallyport.yml') : path.resolve(io.cwd, named);
  if (file === undefined) throw noApi(`neither ${io.cwd} nor a folder above it has a running demo or a sallyport.yml`);
  const { host, port } = loadConfig(file, 'cli', io.env).api;
  return `http://${fromHere[host] ?? (host.includes(':') ? `[${host}]` : host)}:${port}`;
}

/** What listens on all addresses is asked on this machine. */
const fromHere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };

const noApi = (why: string): Failure =>
  new Failure('usage', {
    what: 'It is not known where the api is',
    why,
    todo: 'Give --api <url>, SALLYPORT_API, or a configuration file in SALLYPORT_CONFIG.',
  });

/** The demo.json of the clone that this folder is in. */
export async function findDemo(cwd: string): Promise<DemoFile | undefined> {
  const file = await findUp(cwd, path.join('.sallyport', 'demo.json'));
  if (file === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new Failure('failed', { what: `${file} cannot be read`, why: String(cause), todo: 'Start the demo again.' }, { cause });
  }
  const demo = DemoFile.safeParse(json);
  if (demo.success) return demo.data;
  const why = demo.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new Failure('failed', { what: `${file} is no demo.json`, why, todo: 'Start the demo again.' });
}

async function findUp(from: string, name: string): Promise<string | undefined> {
  for (let dir = path.resolve(from); ; dir = path.dirname(dir)) {
    const file = path.join(dir, name);
    const exists = await access(file).then(
      () => true,
      () => false,
    );
    if (exists) return file;
    if (dir === path.dirname(dir)) return undefined;
  }
}
