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
    if (event.type !== 'token.revoked') return;
    const { token, expires = Infinity } = event.data;
    for (const [id, until] of this.revoked) if (until + keptMs < event.at) this.revoked.delete(id);
    this.revoked.set(token, expires);
    this.listener(token);
  }

  has(tokenId: string): boolean {
    return this.revoked.has(tokenId);
  }
}

/** Clocks differ: a token is taken somewhat longer than it says. */
const keptMs = 3_600_000;
