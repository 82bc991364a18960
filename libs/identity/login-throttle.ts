/** Who tries: where from, and the name that it gives. */
export interface LoginSource {
  readonly address: string;
  readonly user: string;
}

/** From now on attempts from there, or for that name, wait longer than before. */
export interface Slowed {
  readonly source: { readonly address: string } | { readonly user: string };
  /** Failures in a row. */
  readonly failures: number;
  readonly delayMs: number;
}

/** Failures that cost nothing: a token that has expired, tried again by each connection of a pool. */
const free = 5;
const firstDelayMs = 250;
/**
 * Attempts from one address take turns, so that many at once are no faster. A name is anyone's to give: for it nobody waits in line,
 * and never long, or a stranger could keep its owner out.
 */
const longestMs = { address: 4_000, user: 1_000 } as const;
const forgottenMs = 15 * 60_000;
const mostKnown = 10_000;
const longestName = 256;

interface Failures {
  count: number;
  lastAt: number;
  /** When the next attempt may be looked at. */
  nextAt: number;
}

/** Slows down whoever guesses: twice as slow with each failure, per source address and per user. Times are unix milliseconds. */
export class LoginThrottle {
  private readonly addresses = new Recent();
  private readonly users = new Recent();

  /** How long an attempt has to wait before it is looked at; undefined: too many from its address wait already, it is refused unseen. */
  enter(source: LoginSource, now: number): number | undefined {
    const { address, user } = keysOf(source);
    const turn = this.addresses.of(address, now);
    const delay = delayOf(turn?.count ?? 0, longestMs.address);
    const wait = Math.max(0, (turn?.nextAt ?? now) - now);
    if (wait > longestMs.address) return undefined;
    if (turn && delay > 0) turn.nextAt = now + wait + delay;
    return Math.max(wait, (this.users.of(user, now)?.nextAt ?? now) - now);
  }

  /** The attempt failed. @returns what became slower */
  failed(source: LoginSource, now: number): readonly Slowed[] {
    const { address, user } = keysOf(source);
    const slowed = (failures: number, longest: number, of: Slowed['source']): Slowed[] => {
      const delayMs = delayOf(failures, longest);
      return delayMs > delayOf(failures - 1, longest) ? [{ source: of, failures, delayMs }] : [];
    };
    return [
      ...slowed(this.addresses.failed(address, now, longestMs.address), longestMs.address, { address }),
      ...slowed(this.users.failed(user, now, longestMs.user), longestMs.user, { user }),
    ];
  }

  /** The attempt succeeded: whoever can log in does not guess. */
  succeeded(source: LoginSource): void {
    const { address, user } = keysOf(source);
    this.addresses.forget(address);
    this.users.forget(user);
  }
}

/** Failures by key, the latest that were looked at: what it keeps is bounded. */
class Recent {
  private readonly known = new Map<string, Failures>();

  of(key: string, now: number): Failures | undefined {
    const found = this.known.get(key);
    if (!found) return undefined;
    this.known.delete(key);
    if (now - found.lastAt >= forgottenMs) return undefined;
    this.known.set(key, found);
    return found;
  }

  /** @returns how many there are now */
  failed(key: string, now: number, longest: number): number {
    const { count = 0, nextAt = now } = this.of(key, now) ?? {};
    const failures = count + 1;
    this.known.set(key, { count: failures, lastAt: now, nextAt: Math.max(nextAt, now + delayOf(failures, longest)) });
    const [oldest] = this.known.keys();
    if (this.known.size > mostKnown && oldest !== undefined) this.known.delete(oldest);
    return failures;
  }

  forget(key: string): void {
    this.known.delete(key);
  }
}

const delayOf = (failures: number, longest: number): number =>
  failures < free ? 0 : Math.min(longest, firstDelayMs * 2 ** Math.min(failures - free, 20));

/** Whoever has one IPv6 address has 2^64 of them. */
function keysOf({ address, user }: LoginSource): LoginSource {
  return { address: address.includes(':') ? networkOf(address) : address, user: user.slice(0, longestName) };
}

function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [left = '', right] = (address.split('%')[0] ?? '').split('::');
  const groups = left === '' ? [] : left.split(':');
  const last = right === undefined || right === '' ? [] : right.split(':');
  const zeros = right === undefined ? [] : Array.from({ length: Math.max(0, 8 - groups.length - last.length) }, () => '0');
  return `${[...groups, ...zeros, ...last]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
