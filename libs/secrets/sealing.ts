import { createHash, randomBytes } from 'node:crypto';
import { compactDecrypt, CompactEncrypt, decodeProtectedHeader } from 'jose';
import { Secret } from '#runtime';

/** A key of 256 bits. Its id is derived from it, and says nothing about it. */
export interface SealingKey {
  readonly kid: string;
  readonly key: Buffer;
}

/** A line with a new key, for the first line of a file of keys. */
export const newKeyLine = (): string => randomBytes(32).toString('base64url');

/**
 * Reads a file of keys: a line each, the newest first. Empty lines and those that begin with # are left out.
 * @throws NoSealingKeys
 */
export function sealingKeys(text: Secret): readonly [SealingKey, ...SealingKey[]] {
  const lines = text
    .reveal()
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const [newest, ...older] = lines.map(sealingKey);
  if (!newest) throw new NoSealingKeys('there is no key');
  return [newest, ...older];
}

function sealingKey(line: string, index: number): SealingKey {
  const key = Buffer.from(line, 'base64url');
  if (key.length !== 32 || key.toString('base64url') !== line.replace(/=+$/, ''))
    throw new NoSealingKeys(`key ${index + 1} is not 32 bytes in base64url`);
  const kid = createHash('sha256').update('sallyport sealing key\0').update(key).digest('base64url').slice(0, 12);
  return { kid, key };
}

/** What should be keys is none. */
export class NoSealingKeys extends Error {
  override readonly name = 'NoSealingKeys';
}

/** Seals a secret: a compact JWE (RFC 7516), encrypted with AES-256-GCM under this key. */
export const seal = (secret: Secret, { kid, key }: SealingKey): Promise<string> =>
  new CompactEncrypt(Buffer.from(secret.reveal(), 'utf8')).setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid }).encrypt(key);

/** @throws SealBroken */
export async function unseal(sealed: string, keys: readonly SealingKey[]): Promise<Secret> {
  const kid = sealedUnder(sealed);
  const known = keys.find((one) => one.kid === kid);
  if (!known) throw new SealBroken(kid === undefined ? 'it does not say which key it is sealed under' : `there is no key ${kid}`);
  const { plaintext } = await compactDecrypt(sealed, known.key, {
    keyManagementAlgorithms: ['dir', 'A256GCMKW'],
    contentEncryptionAlgorithms: ['A256GCM'],
  }).catch(() => {
    throw new SealBroken(`it cannot be opened with key ${known.kid}: it was changed`);
  });
  return new Secret(Buffer.from(plaintext).toString('utf8'));
}

/** The id of the key that it says it is sealed under. Nothing has vouched for it. */
export function sealedUnder(sealed: string): string | undefined {
  try {
    const { kid } = decodeProtectedHeader(sealed);
    return typeof kid === 'string' && /^[\w-]{1,64}$/.test(kid) ? kid : undefined;
  } catch {
    return undefined; // no JWE at all, which opening it says
  }
}

/** A sealed value does not open. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}
