import { loadConfig, type SecretReference } from '#runtime';
import { Credentials, NoSealingKeys, type SealingKey, sealingKeys, SecretUnavailable } from '#secrets';
import { Failure } from '../failure.js';
import type { Io } from '../terminal/io.js';

/** Secrets as the services of a configuration would have them. @throws ConfigInvalid */
export function credentialsOf(
  io: Io,
  file: string,
): { readonly credentials: Credentials; readonly key: SecretReference | undefined } {
  const { secrets } = loadConfig(file, 'secrets', io.env);
  return { credentials: new Credentials({ secrets, env: io.env, nowMs: () => performance.now() }), key: secrets.key };
}

/** The keys of a configuration, the newest first. @throws Failure, ConfigInvalid */
export async function keysOf(io: Io, file: string): Promise<readonly [SealingKey, ...SealingKey[]]> {
  const { credentials, key } = credentialsOf(io, file);
  if (!key)
    throw new Failure('usage', {
      what: 'There is no key to seal under',
      why: `${file} has no secrets.key`,
      todo: 'Make one with `sallyport secrets key --out <file>`, and add `secrets: { key: { file: <file> } }` to the configuration.',
    });
  try {
    return sealingKeys(await credentials.password(key));
  } catch (error) {
    if (!(error instanceof SecretUnavailable || error instanceof NoSealingKeys)) throw error;
    const todo = 'See `secrets.key` in the configuration, and `sallyport secrets key --help`.';
    throw new Failure('failed', { what: 'The keys cannot be had', why: error.message, todo }, { cause: error });
  }
}
