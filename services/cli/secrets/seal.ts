import { buffer } from 'node:stream/consumers';
import { Secret } from '#runtime';
import { seal } from '#secrets';
import { Failure } from '../failure.js';
import { Terminal } from '../init/terminal.js';
import { configFile } from '../place.js';
import { type Io, write } from '../terminal/io.js';
import { keysOf } from './keys.js';

interface Options {
  readonly config?: string;
  readonly json?: true;
}

export async function sealValue(io: Io, { config, json }: Options): Promise<void> {
  // A file without keys is told before anybody types a secret.
  const [newest] = await keysOf(io, await configFile(io, config));
  const secret = io.stdin.isTTY === true ? await asked(io) : await piped(io);
  if (secret.equals(new Secret('')))
    throw new Failure('usage', { what: 'Nothing was sealed', why: 'the secret is empty', todo: 'Type it, or pipe it in.' });
  const sealed = await seal(secret, newest);
  await write(io, json ? `${JSON.stringify({ sealed, kid: newest.kid })}\n` : `${sealed}\n`);
}

async function asked(io: Io): Promise<Secret> {
  // What is printed may go to a file: the question is for whoever types.
  const terminal = new Terminal({ ...io, stdout: io.stderr });
  try {
    return new Secret(await terminal.secret('Secret: '));
  } finally {
    terminal.close();
  }
}

const piped = async ({ stdin }: Io): Promise<Secret> =>
  new Secret((await buffer(stdin as NodeJS.ReadableStream)).toString('utf8').replace(/\r?\n$/, ''));
