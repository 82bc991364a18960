import { randomBytes, type BinaryLike, scrypt, type ScryptOptions } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { Failure } from '../failure.js';
import { type Io, write } from '../terminal/io.js';

const derive = promisify<BinaryLike, BinaryLike, number, ScryptOptions, Buffer>(scrypt);
const shortest = 16;
/** 128 MiB and some tenths of a second for each guess. */
const cost = { log2N: 17, r: 8, p: 1 } as const;

export function breakGlassCommand(io: Io): Command {
  const command = new Command('break-glass').description('The local admin for when no issuer can be reached.');
  command
    .command('hash')
    .description('Hash a password from standard input, for api.breakGlass.passwordHash.')
    .addHelpText(
      'after',
      `
The password is at least ${shortest} characters long. Keep it where two people have to open something to read it.

Examples:
  $ openssl rand -base64 24 | tee /dev/tty | sallyport break-glass hash > .sallyport/secrets/break-glass.hash`,
    )
    .action(() => hash(io));
  return command;
}

async function hash(io: Io): Promise<void> {
  const password = (await text(io.stdin)).replace(/\r?\n$/, '');
  if (password.length < shortest) {
    const why = `it has fewer than ${shortest} characters`;
    throw new Failure('usage', { what: 'The password was not hashed', why, todo: 'Take a longer one: openssl rand -base64 24' });
  }
  const salt = randomBytes(16);
  const { log2N, r, p } = cost;
  const derived = await derive(password.normalize('NFKC'), salt, 32, { N: 2 ** log2N, r, p, maxmem: 512 * 1024 * 1024 });
  await write(io, `scrypt:${log2N}:${r}:${p}:${salt.toString('base64url')}:${derived.toString('base64url')}\n`);
}
