import { createHash, timingSafeEqual } from 'node:crypto';
import type { StoredRecord } from '#event-log';
import type { Event } from '#events';
import { LoginRefused, serviceTokenIssuer } from '#identity';
import type { NewLogin } from '../access/console-sessions.js';
import { platformRoles, type RoleGroups } from '../access/role.js';
import type { LogFold } from '../log/follower.js';

/**
 * The one-time code. Who brings it acts as an admin of this installation, and as a member of every group that has a role, so that the
 * console can vote too. That it was spent is on record: a restart does not make it good again.
 */
export class ConsoleCode implements LogFold {
  private readonly code: string | undefined;
  private isSpent = false;

  /** @param code what logs one browser in, once; without it none */
  constructor(
    code: string | undefined,
    private readonly roles: RoleGroups,
  ) {
    this.code = code === undefined ? undefined : hash(code);
  }

  get isOffered(): boolean {
    return this.code !== undefined && !this.isSpent;
  }

  take(_: StoredRecord, event: Event | undefined): void {
    if (event?.type === 'login.succeeded' && event.data.code !== undefined && event.data.code === this.code) this.isSpent = true;
  }

  /** @throws LoginRefused */
  redeem(code: string, address: string): NewLogin {
    const spent = hash(code);
    if (this.code === undefined) throw new LoginRefused('no-code');
    if (!timingSafeEqual(Buffer.from(spent), Buffer.from(this.code))) throw new LoginRefused('code');
    if (this.isSpent) throw new LoginRefused('code-used');
    this.isSpent = true;
    const groups = [...new Set(Object.values(this.roles).flat())];
    const principal = { issuer: serviceTokenIssuer, subject: 'console', kind: 'human' as const, groups };
    return { principal, roles: platformRoles, method: 'console-code', address, spent };
  }
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
