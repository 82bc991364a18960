import { createHash } from 'node:crypto';
import type { EventOf, Principal } from '#events';
import type { Logger } from '#runtime';
import type { AccessJournal } from './access-journal.js';
import type { Caller, LoginMethod } from './caller.js';
import type { Role } from './role.js';

export const sessionCookie = 'sallyport_console';
/** More browsers than these at a time log each other out, the oldest first. */
const mostSessions = 10_000;

/** What the provider of a login has to be told at its end. */
export type ProviderLogin =
  | { readonly kind: 'oidc'; readonly name: string; readonly idToken: string }
  | {
      readonly kind: 'saml';
      readonly name: string;
      readonly nameId: string;
      readonly nameIdFormat: string | undefined;
      readonly sessionIndex: string | undefined;
    };

/** Somebody who has just shown who they are. */
export interface NewLogin {
  readonly principal: Principal;
  readonly roles: readonly Role[];
  readonly method: LoginMethod;
  readonly address: string;
  /** SHA-256, in hex, of the one-time code or assertion that it took. */
  readonly spent?: string;
  readonly provider?: ProviderLogin;
}

export interface ConsoleSessionsOptions {
  readonly accesses: AccessJournal;
  readonly idleMs: number;
  readonly absoluteMs: number;
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
  readonly log: Logger;
}

interface Session {
  readonly caller: Caller;
  readonly expires: number;
  readonly provider: ProviderLogin | undefined;
  lastSeen: number;
}
type Ending = EventOf<'login.ended'>['data']['reason'];

/** Browsers that are logged in. Kept in memory, by the hash of their cookies: a restart ends them. */
export class ConsoleSessions {
  private readonly sessions = new Map<string, Session>();

  constructor(private readonly options: ConsoleSessionsOptions) {}

  /**
   * Resolves when the login is on record. Each login has a cookie of its own, and ends the one that the browser had.
   * @param before the cookie that the browser came with
   * @returns the new cookie's value
   */
  async open({ principal, roles, method, address, spent, provider }: NewLogin, before: string | undefined) {
    const { accesses, now, random, absoluteMs } = this.options;
    const { issuer, subject, kind, groups } = principal;
    const by = { issuer, subject };
    const cookie = random(32).toString('base64url');
    const expires = now() + absoluteMs;
    const who = { by, kind, groups, actors: [], claims: {}, roles };
    const caller: Caller = { ...who, method, login: hash(cookie), means: 'cookie', expires };
    await accesses.loggedIn(by, method, { address, spent });
    this.sweep();
    if (before !== undefined) this.close(hash(before), 'replaced');
    this.sessions.set(caller.login, { caller, expires, provider, lastSeen: now() });
    return { cookie, caller };
  }

  /** Undefined where the cookie is none of ours, or its login has ended. */
  callerOf(cookie: string): Caller | undefined {
    this.sweep();
    const session = this.sessions.get(hash(cookie));
    if (session) session.lastSeen = this.options.now();
    return session?.caller;
  }

  /** @returns the provider that is to be told */
  async logOut({ login, by }: Caller): Promise<ProviderLogin | undefined> {
    const session = this.sessions.get(login);
    this.sessions.delete(login);
    await this.options.accesses.ended(by, 'logout');
    return session?.provider;
  }

  /** Ends the logins that a provider has ended. Resolves when that is on record. */
  async endWhere(isEnded: (provider: ProviderLogin, caller: Caller) => boolean): Promise<void> {
    for (const [key, { caller, provider }] of this.sessions)
      if (provider && isEnded(provider, caller)) {
        this.sessions.delete(key);
        await this.options.accesses.ended(caller.by, 'idp-logout');
      }
  }

  private sweep(): void {
    const now = this.options.now();
    for (const [key, { lastSeen, expires }] of this.sessions)
      if (expires <= now) this.close(key, 'expired');
      else if (lastSeen < now - this.options.idleMs) this.close(key, 'idle');
    for (const key of this.sessions.keys()) if (this.sessions.size >= mostSessions) this.close(key, 'replaced');
  }

  /** That a login has ended holds whether it can be recorded or not. */
  private close(key: string, reason: Ending): void {
    const session = this.sessions.get(key);
    if (!session) return;
    this.sessions.delete(key);
    this.options.accesses.ended(session.caller.by, reason).catch((error: unknown) => {
      this.options.log.error({ err: error, reason }, 'the end of a login is not on record');
    });
  }
}

/** The value of one cookie of a request's header. */
export const cookieIn = (header: string | undefined, name: string): string | undefined =>
  header
    ?.split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
