import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { AuthenticationFailed, type Authenticator } from '#identity';
import type { AccessJournal } from './access-journal.js';
import type { Caller } from './caller.js';
import { type RoleGroups, rolesOf } from './role.js';

const rememberedTokens = 10_000;

/** Callers who bring a token with each request. The first request of a token is its login. */
export class BearerLogins {
  private readonly known = new LRUCache<string, true>({ max: rememberedTokens });

  constructor(
    private readonly authenticator: Authenticator,
    private readonly accesses: AccessJournal,
    private readonly roles: RoleGroups,
    private readonly now: () => number,
  ) {}

  /** @throws AuthenticationFailed */
  async callerOf(token: string): Promise<Caller> {
    const { principal, method, actors, claims, expires } = await this.authenticate(token);
    const { issuer, subject, groups, kind } = principal;
    const by = { issuer, subject };
    const login = createHash('sha256').update(token).digest('hex');
    if (!this.known.has(login)) {
      await this.accesses.loggedIn(by, method);
      this.known.set(login, true);
    }
    const roles = rolesOf(groups, this.roles);
    return { by, groups, kind, actors, claims, roles, login, means: 'bearer', ...(expires !== undefined && { expires }) };
  }

  private async authenticate(token: string): ReturnType<Authenticator['authenticate']> {
    try {
      return await this.authenticator.authenticate(token, this.now());
    } catch (error) {
      if (error instanceof AuthenticationFailed) await this.accesses.refused('bearer', error.code);
      throw error;
    }
  }
}
