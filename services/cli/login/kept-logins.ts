import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { replaceFile } from '#secrets';
import { Failure } from '../failure.js';
import type { Io } from '../terminal/io.js';

const KeptLogin = z.object({
  token: z.string(),
  issuer: z.string(),
  subject: z.string(),
  /** Unix milliseconds; null where its issuer did not say. */
  expires: z.int().nullable(),
});
export type KeptLogin = z.infer<typeof KeptLogin>;
const Kept = z.object({ v: z.literal(1), logins: z.record(z.string(), KeptLogin) });

/** Where logins are kept: a file for its owner alone. Undefined where the environment names no home. */
export function loginsFile({ env }: Pick<Io, 'env'>): string | undefined {
  const config = env['XDG_CONFIG_HOME'] ?? (env['HOME'] === undefined ? undefined : path.join(env['HOME'], '.config'));
  return config === undefined ? undefined : path.join(config, 'sallyport', 'logins.json');
}

/** The login at an api, whether it has expired or not. @throws Failure when the file is not ours alone, or is damaged */
export async function keptLogin(io: Io, api: string): Promise<KeptLogin | undefined> {
  const file = loginsFile(io);
  return file === undefined ? undefined : (await read(file))[keyOf(api)];
}

/** @throws Failure where there is no place to keep it */
export async function keepLogin(io: Io, api: string, login: KeptLogin): Promise<string> {
  const file = loginsFile(io);
  if (file === undefined) {
    const why = 'neither XDG_CONFIG_HOME nor HOME is set';
    throw new Failure('failed', { what: 'The login cannot be kept', why, todo: 'Set one of them, or use SALLYPORT_TOKEN.' });
  }
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  write(file, { ...(await read(file)), [keyOf(api)]: login });
  return file;
}

/** @returns what was kept; undefined where nothing was */
export async function forgetLogin(io: Io, api: string): Promise<KeptLogin | undefined> {
  const file = loginsFile(io);
  if (file === undefined) return undefined;
  const { [keyOf(api)]: login, ...others } = await read(file);
  if (login) write(file, others);
  return login;
}

const keyOf = (api: string): string => api.replace(/\/+$/, '');

const write = (file: string, logins: Record<string, KeptLogin>): void => {
  replaceFile(file, `${JSON.stringify({ v: 1, logins }, null, 2)}\n`);
};

async function read(file: string): Promise<Record<string, KeptLogin>> {
  let text: string;
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) !== 0) {
      const why = 'others than its owner can read it, and it holds tokens';
      throw new Failure('failed', { what: `${file} is not used`, why, todo: `chmod 600 ${file}, and log in again.` });
    }
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  const kept = Kept.safeParse(parsed(text));
  if (kept.success) return kept.data.logins;
  throw new Failure('failed', { what: `${file} cannot be read`, why: 'it is damaged', todo: 'Remove it, and log in again.' });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
