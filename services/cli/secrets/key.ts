import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Secret } from '#runtime';
import { newKeyLine, NoSealingKeys, replaceFile, sealingKeys } from '#secrets';
import { Failure } from '../failure.js';
import { type Io, write } from '../terminal/io.js';

interface Options {
  readonly out: string;
  readonly add?: true;
  readonly json?: true;
}

export async function makeKey(io: Io, { out, add, json }: Options): Promise<void> {
  const file = path.resolve(io.cwd, out);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  if (before !== undefined && !add)
    throw new Failure('usage', {
      what: 'No key was made',
      why: `${file} is there already, and what is sealed under its keys is lost with them`,
      todo: 'Say --add to put a new key before those that it has.',
    });
  const text = `${newKeyLine()}\n${before ?? ''}`;
  const { kid } = keysIn(file, text);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  replaceFile(file, text);
  if (json) await write(io, `${JSON.stringify({ file, kid })}\n`);
  else await write(io, `Key ${kid} is in ${file}.\n`);
}

/** @throws Failure for a file that holds something else */
function keysIn(file: string, text: string) {
  try {
    return sealingKeys(new Secret(text))[0];
  } catch (error) {
    if (!(error instanceof NoSealingKeys)) throw error;
    const todo = 'Choose a file that `sallyport secrets key` made.';
    throw new Failure('usage', { what: 'No key was made', why: `${file} holds something else`, todo }, { cause: error });
  }
}
