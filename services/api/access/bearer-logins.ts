import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type Authenticated, AuthenticationFailed, type Authenticator } from '#identity';
import { RequestFailed } from '../problem/problem.js';
import type { AccessJournal } from './access-journal.js';
import type { Caller } from './caller.js';
import { type RoleGroups, rolesOf } from './role.js';
import type { LoginThrottle } from './throttle.js';

const rememberedTokens = 10_000;

export interface BearerLoginsOptions {
  readonly authenticator: Authenticator;
  readonly accesses: AccessJournal;
  readonly roles: RoleGroups;
  readonly throttle: LoginThrottle;
  /** Whether a token that was given out here was taken back. */
  readonly isRevoked: (id: string) => boolean;
  readonly now: () => number;
}

/** Callers who bring a token with each request. The first request of a token is its login. */
export class BearerLogins {
  private readonly known = new LRUCache<string, true>({ max: rememberedTokens });

  constructor(private readonly options: BearerLoginsOptions) {}

  /** @throws AuthenticationFailed, RequestFailed */
  async callerOf(token: string, address: string): Promise<Caller> {
    const { roles, accesses } = this.options;
    const { principal, method, expires } = await this.authenticate(token, address);
    const { issuer, subject, groups, kind } = principal;
    const by = { issuer, subject };
    const login = createHash('sha256').update(token).digest('hex');
    if (!this.known.has(login)) {
      await accesses.loggedIn(by, method, { address });
      this.known.set(login, true);
    }
    return { by, kind, groups, roles: rolesOf(groups, roles), method, login, means: 'bearer', expires };
  }

  private async authenticate(token: string, address: string): Promise<Authenticated> {
    const { authenticator, isRevoked, now } = this.options;
    try {
      const who = await authenticator.authenticate(token, now());
      if (who.method === 'issued-token' && isRevoked(who.tokenId ?? ''))
        throw new RequestFailed('not-authenticated', 'The token was revoked.');
      return who;
    } catch (error) {
      if (error instanceof AuthenticationFailed) await this.refused(error.code, address);
      if (error instanceof RequestFailed) await this.refused('token-revoked', address);
      throw error;
    }
  }

  /** A good token is taken whoever else fails from there: only what fails is answered later and later, and unrecorded while it waits. */
  private async refused(reason: string, address: string): Promise<void> {
    const { accesses, throttle } = this.options;
    const waitMs = throttle.waitMs(address);
    if (waitMs > 0) throw RequestFailed.tooManyAttempts(waitMs);
    await accesses.refused('bearer', reason, address);
    await throttle.failed(address);
  }
}
