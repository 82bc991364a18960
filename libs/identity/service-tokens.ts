import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Authenticated } from './access-token.js';
import { AuthenticationFailed } from './errors.js';
import { StoredToken, TokenFile } from './token-file.js';

/** Who a service token is made for. */
export interface NewServiceToken {
  /** The principal's subject. Two tokens of one name are one principal: so a token is replaced without a gap. */
  readonly name: string;
  readonly groups: readonly string[];
  readonly ttlMs: number;
  readonly kind?: 'agent' | 'service';
}

/** Tokens for where there is no issuer. Their issuer, in events and policies, is `sallyport`. */
export const serviceTokenIssuer = 'sallyport';

const shape = /^spt_([0-9a-f]{16})_[0-9a-f]{64}$/;

export const isServiceToken = (secret: string): boolean => secret.startsWith('spt_');

/** The service tokens of one file. Times are unix milliseconds. */
export class ServiceTokens {
  private readonly file: TokenFile;

  /** @param path the file; made with the first token, 0600 */
  constructor(path: string) {
    this.file = new TokenFile(path);
  }

  /** @returns the token, `spt_<id>_<random>`: this is the only time that anyone sees it */
  async create({ name, groups, ttlMs, kind = 'service' }: NewServiceToken, now: number): Promise<{ id: string; token: string }> {
    const id = randomBytes(8).toString('hex');
    const token = `spt_${id}_${randomBytes(32).toString('hex')}`;
    const stored = StoredToken.parse({
      created: now,
      expires: now + ttlMs,
      groups: [...groups],
      id,
      kind,
      name,
      sha256: sha256(token).toString('hex'),
    });
    await this.file.change((tokens) => [...tokens, stored]);
    return { id, token };
  }

  list(): Promise<readonly StoredToken[]> {
    return this.file.read();
  }

  /** @returns whether there was such a token, not yet revoked */
  async revoke(id: string, now: number): Promise<boolean> {
    let found = false;
    await this.file.change((tokens) =>
      tokens.map((token) => {
        if (token.id !== id || token.revoked !== undefined) return token;
        found = true;
        return { ...token, revoked: now };
      }),
    );
    return found;
  }

  async authenticate(secret: string, now: number): Promise<Authenticated> {
    const id = shape.exec(secret)?.[1];
    const token = (await this.readOrRefuse()).find((stored) => stored.id === id);
    if (!token || !timingSafeEqual(sha256(secret), Buffer.from(token.sha256, 'hex')))
      throw new AuthenticationFailed('service-token');
    if (token.revoked !== undefined) throw new AuthenticationFailed('service-token-revoked');
    if (now >= token.expires) throw new AuthenticationFailed('service-token-expired');
    const { name: subject, groups, kind, expires } = token;
    return {
      principal: { groups, issuer: serviceTokenIssuer, kind, subject },
      method: 'service-token',
      actors: [],
      claims: { groups, kind, sub: subject },
      run: {},
      tokenId: token.id,
      expires,
    };
  }

  private async readOrRefuse(): Promise<readonly StoredToken[]> {
    try {
      return await this.file.read();
    } catch (cause) {
      throw new AuthenticationFailed('service-tokens-unreadable', { cause });
    }
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
