import type { Event } from '#events';

/** Tokens that were revoked before they expired, folded from the log. */
export class Revocations {
  /** Of each when it expires: after that nobody takes it in any case. */
  private readonly revoked = new Map<string, number>();
  private listener: (tokenId: string) => void = () => undefined;

  /** @param listener told of each token whose revocation is read from now on */
  listen(listener: (tokenId: string) => void): void {
    this.listener = listener;
  }

  follow(event: Event): void {
    if (event.type === 'token.revoked') this.add(event.data.token, event.data.expires, event.at);
  }

  /** What whoever revokes it knows before the log tells. @param now unix milliseconds */
  add(tokenId: string, expires: number | undefined, now: number): void {
    for (const [id, until] of this.revoked) if (until + keptMs < now) this.revoked.delete(id);
    this.revoked.set(tokenId, expires ?? Infinity);
    this.listener(tokenId);
  }

  has(tokenId: string): boolean {
    return this.revoked.has(tokenId);
  }
}

/** Clocks differ: a token is taken somewhat longer than it says. */
const keptMs = 3_600_000;
