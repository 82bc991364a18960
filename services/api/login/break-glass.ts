import { type BinaryLike, scrypt, type ScryptOptions, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { LoginRefused, serviceTokenIssuer } from '#identity';
import type { NewLogin } from '../access/console-sessions.js';
import { platformRoles } from '../access/role.js';

const derive = promisify<BinaryLike, BinaryLike, number, ScryptOptions, Buffer>(scrypt);
const form = /^scrypt:(\d{1,2}):(\d{1,2}):(\d{1,2}):([A-Za-z0-9_-]{16,}):([A-Za-z0-9_-]{32,})$/;

/**
 * A local admin for when no issuer can be reached: all roles, but no group, so it neither votes nor gets into a database. One attempt is
 * looked at after the other, and each costs what scrypt costs.
 */
export class BreakGlass {
  private last: Promise<unknown> = Promise.resolve();

  /** @param passwordHash `scrypt:<log2 N>:<r>:<p>:<salt>:<hash>`, base64url; without it, nobody is let in */
  constructor(private readonly passwordHash: string | undefined) {
    if (passwordHash !== undefined && !form.test(passwordHash))
      throw new Error('api.breakGlass.passwordHash is not what `sallyport break-glass hash` makes');
  }

  get isOffered(): boolean {
    return this.passwordHash !== undefined;
  }

  /** @throws LoginRefused */
  async redeem(password: string, address: string): Promise<NewLogin> {
    const attempt = this.last.then(() => this.check(password));
    this.last = attempt.catch(() => undefined);
    if (!(await attempt)) throw new LoginRefused('password');
    const principal = { issuer: serviceTokenIssuer, subject: 'break-glass', kind: 'human' as const, groups: [] };
    return { principal, roles: platformRoles, method: 'break-glass', address };
  }

  private async check(password: string): Promise<boolean> {
    const [, cost = '', r = '', p = '', salt = '', expected = ''] = form.exec(this.passwordHash ?? '') ?? [];
    if (expected === '') return false;
    const wanted = Buffer.from(expected, 'base64url');
    const options = { N: 2 ** Number(cost), r: Number(r), p: Number(p), maxmem: 512 * 1024 * 1024 };
    const derived = await derive(password.normalize('NFKC'), Buffer.from(salt, 'base64url'), wanted.length, options);
    return timingSafeEqual(derived, wanted);
  }
}
