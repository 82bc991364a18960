import type { Authenticator } from '#identity';
import type { Logger } from '#runtime';

export interface TokenWatchOptions {
  readonly authenticator: Authenticator;
  /** Ids of the service tokens by which sessions are open. */
  readonly held: () => readonly string[];
  readonly revoked: (tokenId: string) => void;
  readonly log: Logger;
}

const everyMs = 1_000;

/** Looks at the file of service tokens while sessions are open by one: it may be changed by whoever has the file. */
export class TokenWatch {
  private timer: NodeJS.Timeout | undefined;
  private isReadable = true;

  constructor(private readonly options: TokenWatchOptions) {}

  start(): void {
    this.timer = setTimeout(() => {
      void this.look().finally(() => {
        if (this.timer) this.start();
      });
    }, everyMs);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private async look(): Promise<void> {
    const { authenticator, held, revoked, log } = this.options;
    const ids = held();
    if (ids.length === 0) return;
    try {
      for (const id of await authenticator.revokedServiceTokens(ids)) revoked(id);
      this.isReadable = true;
    } catch (error) {
      // Nobody is let in by such a file. Whoever is in was let in by a good one, and stays until it can be read again.
      if (this.isReadable) log.error({ err: error }, 'the file of service tokens cannot be read');
      this.isReadable = false;
    }
  }
}
