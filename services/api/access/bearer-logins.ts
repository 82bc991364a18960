import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type Authenticated, AuthenticationFailed, type Authenticator } from '#identity';
import type { AccessJournal } from './access-journal.js';
import type { Caller } from './caller.js';
import type { Guessing } from './guessing.js';
import { type RoleGroups, rolesOf } from './role.js';

const rememberedTokens = 10_000;

export interface BearerLoginsOptions {
  readonly authenticator: Authenticator;
  readonly accesses: AccessJournal;
  readonly roles: RoleGroups;
  readonly guessing: Guessing;
  readonly now: () => number;
}

/** Callers who bring a token with each request. The first request of a token is its login. */
export class BearerLogins {
  private readonly known = new LRUCache<string, true>({ max: rememberedTokens });

  constructor(private readonly options: BearerLoginsOptions) {}

  /** @throws AuthenticationFailed, RequestFailed `too-many-attempts` */
  async callerOf(token: string, address: string): Promise<Caller> {
    const { roles, accesses } = this.options;
    const { principal, method, actors, claims, expires } = await this.authenticate(token, address);
    const { issuer, subject, groups, kind } = principal;
    const by = { issuer, subject };
    const login = createHash('sha256').update(token).digest('hex');
    if (!this.known.has(login)) {
      await accesses.loggedIn(by, method, { address });
      this.known.set(login, true);
    }
    return { by, kind, groups, actors, claims, roles: rolesOf(groups, roles), method, login, means: 'bearer', expires };
  }

  private async authenticate(token: string, address: string): Promise<Authenticated> {
    const { authenticator, accesses, guessing, now } = this.options;
    try {
      return await authenticator.authenticate(token, now());
    } catch (error) {
      if (!(error instanceof AuthenticationFailed)) throw error;
      // A good token is taken at once, whoever else fails from there: only what fails is answered later and later.
      const source = { address, user: 'bearer' };
      await guessing.enter(source);
      await accesses.refused('bearer', error.code, address);
      if (error.isAttempt) await guessing.failed(source);
      throw error;
    }
  }
}
