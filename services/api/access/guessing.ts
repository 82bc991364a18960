import { setTimeout } from 'node:timers/promises';
import { type LoginSource, LoginThrottle } from '#identity';
import { RequestFailed } from '../problem/problem.js';
import type { AccessJournal } from './access-journal.js';

/** Who guesses is answered later and later, as at the proxy. `user` is the way that is tried: nobody has given a name yet. */
export class Guessing {
  private readonly throttle = new LoginThrottle();

  constructor(
    private readonly accesses: AccessJournal,
    private readonly now: () => number,
  ) {}

  /** Resolves when the attempt may be looked at. @throws RequestFailed where too many from there wait already */
  async enter(source: LoginSource): Promise<void> {
    const waitMs = this.throttle.enter(source, this.now());
    if (waitMs === undefined) throw new RequestFailed('too-many-attempts');
    if (waitMs > 0) await setTimeout(waitMs);
  }

  /** Each time that the delay grows is on record. */
  async failed(source: LoginSource): Promise<void> {
    for (const slowed of this.throttle.failed(source, this.now())) await this.accesses.throttled(slowed);
  }

  succeeded(source: LoginSource): void {
    this.throttle.succeeded(source);
  }
}
