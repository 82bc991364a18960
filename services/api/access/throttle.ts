import { LRUCache } from 'lru-cache';
import type { AccessJournal } from './access-journal.js';

/** So many failures in a row cost nothing: people mistype. */
export const freeFailures = 5;
const firstDelayMs = 1_000;
const longestDelayMs = 60_000;
const forgottenMs = 15 * 60_000;
const mostSources = 10_000;

interface Failures {
  readonly count: number;
  readonly at: number;
}

/**
 * Who guesses waits, twice as long after each failure. Counted per source: an IPv4 address, or an IPv6 network of 64 bits, as which a
 * single machine may come. A success forgives.
 */
export class LoginThrottle {
  private readonly sources = new LRUCache<string, Failures>({ max: mostSources });

  constructor(
    private readonly accesses: AccessJournal,
    private readonly now: () => number,
  ) {}

  /** How long the source has to wait before its next attempt is looked at, in milliseconds; 0 for most. */
  waitMs(address: string): number {
    const failures = this.of(sourceOf(address));
    return failures ? Math.max(0, failures.at + delayAfter(failures.count) - this.now()) : 0;
  }

  /** Each time that the delay grows is on record. */
  async failed(address: string): Promise<void> {
    const source = sourceOf(address);
    const before = this.of(source)?.count ?? 0;
    const count = before + 1;
    this.sources.set(source, { count, at: this.now() });
    const delayMs = delayAfter(count);
    if (delayMs > delayAfter(before)) await this.accesses.throttled({ source: { address: source }, failures: count, delayMs });
  }

  succeeded(address: string): void {
    this.sources.delete(sourceOf(address));
  }

  private of(source: string): Failures | undefined {
    const found = this.sources.get(source);
    return found && this.now() - found.at < forgottenMs ? found : undefined;
  }
}

const delayAfter = (failures: number): number =>
  failures <= freeFailures ? 0 : Math.min(firstDelayMs * 2 ** (failures - freeFailures - 1), longestDelayMs);

function sourceOf(address: string): string {
  const v4 = /^::ffff:([\d.]+)$/.exec(address)?.[1];
  if (v4 !== undefined || !address.includes(':')) return v4 ?? address;
  const [head = '', tail = ''] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === '' ? [] : tail.split(':');
  const all = address.includes('::') ? [...groups, ...Array<string>(8 - groups.length - rest.length).fill('0'), ...rest] : groups;
  return `${all.slice(0, 4).join(':')}::/64`;
}
