import { createHash, timingSafeEqual } from 'node:crypto';
import type { StoredRecord } from '#event-log';
import type { Event } from '#events';
import type { LogFold } from '../log/follower.js';
import { RequestFailed } from '../problem/problem.js';
import type { AccessJournal } from './access-journal.js';
import type { Caller } from './caller.js';
import { platformRoles, type RoleGroups } from './role.js';

export const cookieName = 'sallyport_console';
/** A browser that asks for nothing this long is logged out. */
export const idleMs = 3_600_000;
const mostLogins = 100;

export interface ConsoleLoginsOptions {
  /** What logs one browser in, once. Without it none. */
  readonly code: string | undefined;
  readonly roles: RoleGroups;
  readonly accesses: AccessJournal;
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
}

interface Login {
  readonly caller: Caller;
  lastSeen: number;
}

/**
 * Browsers that logged in by the one-time code. They act as an admin of this installation, and as a member of every group
 * that has a role, so that the console can vote too. Logins are kept in memory: a restart ends them. That a code was spent is on
 * record: a restart does not make it good again.
 */
export class ConsoleLogins implements LogFold {
  private readonly logins = new Map<string, Login>();
  private readonly code: string | undefined;
  private codeUsed = false;

  constructor(private readonly options: ConsoleLoginsOptions) {
    this.code = options.code === undefined ? undefined : hash(options.code);
  }

  take(_: StoredRecord, event: Event | undefined): void {
    if (event?.type === 'login.succeeded' && event.data.code !== undefined && event.data.code === this.code) this.codeUsed = true;
  }

  /** @returns the cookie's value @throws RequestFailed `login-refused` */
  async redeem(code: string): Promise<{ cookie: string; caller: Caller }> {
    const { accesses, roles, now, random } = this.options;
    const spent = hash(code);
    const reason =
      this.code === undefined ? 'no code' : !isSame(spent, this.code) ? 'code' : this.codeUsed ? 'code used' : undefined;
    if (reason !== undefined) {
      await accesses.refused('console-code', reason);
      const detail =
        reason === 'code used' ? 'This code has been used. Start the demo again, make another code, or use a token.' : undefined;
      throw new RequestFailed('login-refused', detail);
    }
    this.codeUsed = true;
    const by = { issuer: 'sallyport', subject: 'console' };
    const cookie = random(32).toString('base64url');
    const login = hash(cookie);
    const groups = [...new Set(Object.values(roles).flat())];
    const who = { by, groups, kind: 'human', actors: [], claims: {} } as const;
    const caller: Caller = { ...who, roles: platformRoles, login, means: 'cookie' };
    await accesses.loggedIn(by, 'console-code', spent);
    this.forgetIdle();
    this.logins.set(login, { caller, lastSeen: now() });
    return { cookie, caller };
  }

  /** Undefined where the cookie is none of ours, or was idle for too long. */
  callerOf(cookie: string): Caller | undefined {
    this.forgetIdle();
    const login = this.logins.get(hash(cookie));
    if (login) login.lastSeen = this.options.now();
    return login?.caller;
  }

  logOut(caller: Caller): void {
    this.logins.delete(caller.login);
  }

  private forgetIdle(): void {
    const since = this.options.now() - idleMs;
    for (const [key, { lastSeen }] of this.logins) if (lastSeen < since) this.logins.delete(key);
    for (const key of this.logins.keys()) if (this.logins.size >= mostLogins) this.logins.delete(key);
  }
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const isSame = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(a), Buffer.from(b));
