import { realpathSync, statSync } from 'node:fs';
import { replaceSealed } from '#runtime';
import { replaceFile, seal, SealBroken, sealedUnder, unseal } from '#secrets';
import { Failure } from '../failure.js';
import { configFile } from '../place.js';
import { type Io, write } from '../terminal/io.js';
import { printable } from '../terminal/printable.js';
import { keysOf } from './keys.js';

interface Options {
  readonly config?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

export async function rotate(io: Io, { config, dryRun, json }: Options): Promise<void> {
  const file = realpathSync(await configFile(io, config));
  const keys = await keysOf(io, file);
  const [newest] = keys;
  const { text, replaced } = await replaceSealed(file, async (name, sealed) => {
    if (sealedUnder(sealed) === newest.kid) return sealed;
    try {
      return await seal(await unseal(sealed, keys), newest);
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error;
      const todo = 'Put the key that it was sealed under back into the file of keys, or seal the secret anew.';
      throw new Failure('failed', { what: `${printable(name)} cannot be opened`, why: error.message, todo }, { cause: error });
    }
  });
  const isWritten = replaced.length > 0 && !dryRun;
  if (isWritten) replaceFile(file, text, statSync(file).mode & 0o777);
  if (json) await write(io, `${JSON.stringify({ kid: newest.kid, rotated: replaced, written: isWritten })}\n`);
  else if (replaced.length === 0) await write(io, `Everything is sealed under the newest key already, ${newest.kid}.\n`);
  else {
    for (const name of replaced) await write(io, `${printable(name)}\n`);
    await write(io, dryRun ? `Would be sealed under ${newest.kid}; nothing was written.\n` : `Sealed under ${newest.kid}.\n`);
  }
}
