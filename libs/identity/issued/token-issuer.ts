import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  calculateJwkThumbprint,
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  SignJWT,
} from 'jose';
import { z } from 'zod';
import type { Principal } from '#events';
import { replaceFile } from '#secrets';
import { originalIssuer, onlyTarget } from './issued-token.js';

/** Whose tokens they are, and for whom. */
export interface TokenIssuerOptions {
  /** `iss`: the address of our own api, from outside. */
  readonly issuer: string;
  readonly audience: string;
  /** Holds the private key, 0600. Made at the first start; without it at a later one, another key is made and all tokens end. */
  readonly keyFile: string;
}

export interface NewToken {
  /** `jti`. */
  readonly id: string;
  /** Who it stands for, as their own issuer knows them. */
  readonly principal: Principal;
  /** The only target that it is good for. */
  readonly target?: string | undefined;
  /** Unix milliseconds; a token knows whole seconds, so what is left of one is cut off. */
  readonly issued: number;
  readonly expires: number;
}

const algorithm = 'ES256';
const PrivateKey = z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string(), d: z.string() });

/** Signs tokens of our own: JWT access tokens, RFC 9068. */
export class TokenIssuer {
  private constructor(
    readonly issuer: string,
    readonly audience: string,
    private readonly key: CryptoKey | Uint8Array,
    /** The public key, to be published. */
    readonly jwks: JSONWebKeySet & { readonly keys: readonly [JWK & { readonly kid: string }] },
  ) {}

  /** @throws when the key file cannot be read or written, holds no such key, or can be read by others than its owner */
  static async open({ issuer, audience, keyFile }: TokenIssuerOptions): Promise<TokenIssuer> {
    const { d, ...key } = readKey(keyFile) ?? (await makeKey(keyFile));
    const kid = await calculateJwkThumbprint(key);
    return new TokenIssuer(issuer, audience, await importJWK({ ...key, d }, algorithm), {
      keys: [{ ...key, kid, alg: algorithm, use: 'sig' }],
    });
  }

  sign({ id, principal, target, issued, expires }: NewToken): Promise<string> {
    const { subject, groups, kind, issuer } = principal;
    return new SignJWT({
      groups,
      kind,
      client_id: 'sallyport',
      [originalIssuer]: issuer,
      ...(target !== undefined && { [onlyTarget]: target }),
    })
      .setProtectedHeader({ alg: algorithm, typ: 'at+jwt', kid: this.jwks.keys[0].kid })
      .setIssuer(this.issuer)
      .setAudience(this.audience)
      .setSubject(subject)
      .setJti(id)
      .setIssuedAt(Math.floor(issued / 1000))
      .setExpirationTime(Math.floor(expires / 1000))
      .sign(this.key);
  }
}

function readKey(file: string): z.infer<typeof PrivateKey> | undefined {
  let mode: number;
  try {
    ({ mode } = statSync(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if ((mode & 0o077) !== 0)
    throw new Error(`${file} can be read by others than its owner: make it 0600, or remove it for a new key`);
  const key = PrivateKey.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!key.success) throw new Error(`${file} holds no private P-256 key as a JWK`);
  return key.data;
}

async function makeKey(file: string): Promise<z.infer<typeof PrivateKey>> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const key = PrivateKey.parse(await exportJWK(privateKey));
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  replaceFile(file, `${JSON.stringify(key)}\n`);
  return key;
}
