import { createHash } from 'node:crypto';
import type { StoredRecord } from '#event-log';
import type { Event } from '#events';
import { type Asserted, LoginRefused, longestLifetimeMs } from '#identity';
import type { LogFold } from '../log/follower.js';

/** No assertion that is older is taken anyway, whatever the clocks. */
const rememberedMs = longestLifetimeMs + 10 * 60_000;

/** Each assertion is taken once. What was taken is on record, so that a restart does not make it good again. */
export class SpentAssertions implements LogFold {
  /** By hash: when it was spent. */
  private readonly spent = new Map<string, number>();

  constructor(private readonly now: () => number) {}

  take(_: StoredRecord, event: Event | undefined): void {
    if (event?.type !== 'login.succeeded' && event?.type !== 'token.issued') return;
    if (event.data.code !== undefined && event.at > this.now() - rememberedMs) this.spent.set(event.data.code, event.at);
  }

  /**
   * @returns its hash, in hex, for the event that says so
   * @throws LoginRefused `replayed`
   */
  spend(asserted: Pick<Asserted, 'principal' | 'id'>): string {
    this.forget();
    const hash = SpentAssertions.hashOf(asserted);
    if (this.spent.has(hash)) throw new LoginRefused('replayed');
    this.spent.set(hash, this.now());
    return hash;
  }

  static hashOf({ principal, id }: Pick<Asserted, 'principal' | 'id'>): string {
    return createHash('sha256')
      .update(JSON.stringify([principal.issuer, id]))
      .digest('hex');
  }

  private forget(): void {
    const before = this.now() - rememberedMs;
    for (const [hash, at] of this.spent) {
      if (at > before) return; // in the order of time
      this.spent.delete(hash);
    }
  }
}
