import {
  createLocalJWKSet,
  type CryptoKey,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWTHeaderParameters,
} from 'jose';
import { AuthenticationFailed } from './errors.js';
import { downloadKeys, type Fetch, type KeySource } from './key-download.js';

/** When an issuer is asked for its keys. */
export interface KeyTimes {
  /** Keys are asked for anew after this long, and when a token names one that is not among them. */
  readonly refreshSeconds: number;
  /** While the issuer cannot be reached, the keys that it last published stay good for this long. */
  readonly outageSeconds: number;
  /** An issuer that has no answer, or none with the key that is looked for, is asked less and less often, at least this often. */
  readonly backoffSeconds: number;
}

export const keyTimes: KeyTimes = { refreshSeconds: 600, outageSeconds: 12 * 3600, backoffSeconds: 30 };

const firstBackoffMs = 1_000;
/** A download under way when a token comes may have begun before the key was published: one more may follow it. */
const mostDownloads = 2;

type KeySet = (header: JWTHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

/** The public keys of one issuer, fetched when needed. Time is given by the caller, in unix milliseconds. */
export class IssuerKeys {
  private readonly times: KeyTimes;
  private keys: KeySet | undefined;
  private published = '';
  private fetchedAt = -Infinity;
  private mayAskAt = -Infinity;
  private backoffMs = 0;
  private trying: Promise<void> | undefined;
  private failure: unknown;

  constructor(
    private readonly source: KeySource & { readonly keys?: KeyTimes | undefined },
    private readonly fetch: Fetch,
  ) {
    this.times = source.keys ?? keyTimes;
  }

  /** @throws AuthenticationFailed `key` when the issuer publishes no such key, `issuer-unavailable` when it has to be asked and cannot be */
  async keyFor(header: JWTHeaderParameters, token: FlattenedJWSInput, now: number): Promise<CryptoKey> {
    if (now - this.fetchedAt >= this.times.refreshSeconds * 1000) await this.refresh(now);
    for (let downloads = 0; ; downloads++) {
      try {
        return await this.current(now)(header, token);
      } catch (error) {
        const isUnknown = error instanceof errors.JWKSNoMatchingKey;
        // The issuer may have begun to use a new key.
        if (!isUnknown || downloads === mostDownloads || !(await this.refresh(now))) throw asRefusal(error);
      }
    }
  }

  private current(now: number): KeySet {
    if (!this.keys || now - this.fetchedAt >= this.times.outageSeconds * 1000)
      throw new AuthenticationFailed('issuer-unavailable', { cause: this.failure });
    return this.keys;
  }

  /** Concurrent callers share one download. @returns whether there was one: an issuer that had nothing new is not asked at once again */
  private async refresh(now: number): Promise<boolean> {
    if (!this.trying) {
      if (now < this.mayAskAt) return false;
      this.trying = this.download(now).finally(() => {
        this.trying = undefined;
      });
    }
    await this.trying;
    return true;
  }

  /** A failure is kept for whoever finds no keys. */
  private async download(now: number): Promise<void> {
    const isDue = now - this.fetchedAt >= this.times.refreshSeconds * 1000;
    let isUseful = false;
    try {
      const keys = await downloadKeys(this.source, this.fetch);
      const isNew = this.replace(keys);
      isUseful = isDue || isNew;
      this.fetchedAt = now;
      this.failure = undefined;
    } catch (error) {
      this.failure = error;
    }
    this.mayAskAt = now + (isUseful ? 0 : this.backoffMs);
    this.backoffMs = isUseful ? 0 : Math.min(Math.max(firstBackoffMs, this.backoffMs * 2), this.times.backoffSeconds * 1000);
  }

  /** @returns whether they are others than before */
  private replace(keys: JSONWebKeySet): boolean {
    const published = JSON.stringify(keys);
    if (published === this.published) return false;
    this.keys = createLocalJWKSet(keys);
    this.published = published;
    return true;
  }
}

function asRefusal(error: unknown): AuthenticationFailed {
  if (error instanceof AuthenticationFailed) return error;
  // Several keys fit when a token names none: it is not for us to try them all.
  return new AuthenticationFailed('key', { cause: error });
}
