import { describeReference, readReferences, type SecretInFile } from '#runtime';
import { type Credentials, SecretUnavailable } from '#secrets';
import { Ended } from '../failure.js';
import { configFile } from '../place.js';
import { type Io, write } from '../terminal/io.js';
import { printable } from '../terminal/printable.js';
import { table } from '../terminal/table.js';
import { credentialsOf } from './keys.js';

interface Options {
  readonly config?: string;
  readonly json?: true;
}

interface Checked {
  readonly name: string;
  /** Where it should be. Absent where that is not said as it must be. */
  readonly reference?: string;
  readonly state: 'ok' | 'missing';
  readonly why?: string;
}

export async function check(io: Io, { config, json }: Options): Promise<void> {
  const file = await configFile(io, config);
  const references = readReferences(file, io.env);
  const { credentials } = credentialsOf(io, file);
  const checked = await Promise.all(references.map((one) => checkedOf(one, credentials)));
  if (json) for (const one of checked) await write(io, `${JSON.stringify(one)}\n`);
  else
    await write(
      io,
      `${table(
        ['SECRET', 'WHERE', 'STATE'],
        checked.map(({ name, reference = '', state, why }) =>
          [name, reference, why === undefined ? state : `${state}: ${why}`].map(printable),
        ),
      )}\n`,
    );
  if (checked.some(({ state }) => state === 'missing')) throw new Ended(1);
}

async function checkedOf(one: SecretInFile, credentials: Credentials): Promise<Checked> {
  const { name } = one;
  if ('wrong' in one) return { name, state: 'missing', why: one.wrong };
  const reference = describeReference(one.reference);
  try {
    await credentials.password(one.reference);
    return { name, reference, state: 'ok' };
  } catch (error) {
    if (error instanceof SecretUnavailable) return { name, reference, state: 'missing', why: error.why };
    throw error;
  }
}
