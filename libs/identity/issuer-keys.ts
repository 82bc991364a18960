import {
  createLocalJWKSet,
  type CryptoKey,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWTHeaderParameters,
} from 'jose';
import { z } from 'zod';
import { AuthenticationFailed } from './errors.js';

/** Keys are asked for anew after this long, and when a token names one that is not among them. */
export const refreshMs = 10 * 60_000;
/** While the issuer cannot be reached, the keys that it last published stay good for this long. */
export const outageMs = 12 * 3_600_000;
/** An issuer is not asked more often than this, whatever tokens come. */
export const cooldownMs = 30_000;

const requestMs = 3_000;
const answerBytes = 1024 * 1024;

export type Fetch = (url: string, init: { signal: AbortSignal; redirect: 'error' }) => Promise<Response>;

type KeySet = (header: JWTHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

/** The public keys of one issuer, fetched when needed. Time is given by the caller, in unix milliseconds. */
export class IssuerKeys {
  private keys: KeySet | undefined;
  private fetchedAt = -Infinity;
  private triedAt = -Infinity;
  private trying: Promise<void> | undefined;
  private failure: unknown;

  constructor(
    private readonly issuer: string,
    private readonly jwksUri: string | undefined,
    private readonly fetch: Fetch,
  ) {}

  /** @throws AuthenticationFailed `key` when the issuer publishes no such key, `issuer-unavailable` when it has to be asked and cannot be */
  async keyFor(header: JWTHeaderParameters, token: FlattenedJWSInput, now: number): Promise<CryptoKey> {
    if (now - this.fetchedAt >= refreshMs) await this.refresh(now);
    try {
      return await this.current(now)(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw this.asRefusal(error);
      await this.refresh(now); // the issuer may have begun to use a new key
    }
    try {
      return await this.current(now)(header, token);
    } catch (error) {
      throw this.asRefusal(error);
    }
  }

  private current(now: number): KeySet {
    if (!this.keys || now - this.fetchedAt >= outageMs)
      throw new AuthenticationFailed('issuer-unavailable', { cause: this.failure });
    return this.keys;
  }

  /** Concurrent callers share one request. A failure is kept for whoever finds no keys. */
  private refresh(now: number): Promise<void> {
    if (this.trying) return this.trying;
    if (now - this.triedAt < cooldownMs) return Promise.resolve();
    this.triedAt = now;
    this.trying = this.download()
      .then(
        (keys) => {
          this.keys = createLocalJWKSet(keys);
          this.fetchedAt = now;
          this.failure = undefined;
        },
        (error: unknown) => {
          this.failure = error;
        },
      )
      .finally(() => {
        this.trying = undefined;
      });
    return this.trying;
  }

  private async download(): Promise<JSONWebKeySet> {
    return jwks.parse(await this.json(this.jwksUri ?? (await this.discover())));
  }

  private async discover(): Promise<string> {
    const { issuer, jwks_uri } = discovery.parse(
      await this.json(`${this.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`),
    );
    if (issuer !== this.issuer) throw new Error('the openid-configuration is that of another issuer');
    // Discovery over TLS must not lead to keys over plaintext.
    if (this.issuer.startsWith('https:') && !jwks_uri.startsWith('https:')) throw new Error('jwks_uri is not https');
    return jwks_uri;
  }

  private async json(url: string): Promise<unknown> {
    const answer = await this.fetch(url, { signal: AbortSignal.timeout(requestMs), redirect: 'error' });
    if (!answer.ok) throw new Error(`the issuer answered ${answer.status}`);
    return JSON.parse(await textUpTo(answer, answerBytes));
  }

  private asRefusal(error: unknown): AuthenticationFailed {
    if (error instanceof AuthenticationFailed) return error;
    // Several keys fit when a token names none: it is not for us to try them all.
    return new AuthenticationFailed('key', { cause: error });
  }
}

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });
const jwks = z.object({ keys: z.array(z.object({ kty: z.string() }).loose()) });

async function textUpTo(answer: Response, limit: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > limit) throw new Error('the issuer answered with too much');
  }
  return text + decoder.decode();
}
