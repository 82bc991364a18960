import type { SessionContext } from './context.js';
import type { HoldAnswer, HoldRequest, Holds, VoteOutcome } from './port.js';

export type WaitOutcome = VoteOutcome | 'cancelled' | 'expired';

/** The one statement of a session that may wait for a human. */
export class Holding {
  private approval: string | undefined;
  /** A vote that came before the session began to wait. */
  private early: VoteOutcome | undefined;
  private waiting: ((outcome: WaitOutcome) => void) | undefined;

  constructor(
    private readonly ctx: SessionContext,
    private readonly holds: Holds,
  ) {}

  /** Asks for a grant; where the session can wait, a vote will be told to `wait`. */
  ask({ bound, decision }: HoldRequest, ability: 'can-wait' | 'cannot-wait'): HoldAnswer {
    const request = ability === 'can-wait' ? { bound, decision, waiting: this.voted } : { bound, decision };
    const answer = this.holds.ask(this.ctx.facts, request);
    if (answer.kind === 'opened' && ability === 'can-wait') this.approval = answer.held.approval;
    return answer;
  }

  /** A grant was given out, and nothing is run by it. */
  giveBack(approval: string): void {
    this.holds.giveBack(approval);
  }

  wait(ms: number, done: (outcome: WaitOutcome) => void): void {
    this.waiting = done;
    if (this.early) this.finish(this.early);
    else this.ctx.port.arm('hold', ms);
  }

  /** Ends the wait without a vote; true when something waited. */
  end(outcome: 'cancelled' | 'expired'): boolean {
    if (!this.waiting) return false;
    if (this.approval !== undefined) this.holds.leave(this.approval, outcome === 'expired' ? 'retry' : 'withdrawn');
    this.finish(outcome);
    return true;
  }

  /** Nobody waits any more, and nobody is told. */
  leave(): void {
    if (this.approval !== undefined) this.holds.leave(this.approval, 'withdrawn');
    this.reset();
  }

  private readonly voted = (outcome: VoteOutcome): void => {
    this.ctx.attempt(() => {
      if (this.waiting) this.finish(outcome);
      else this.early = outcome;
    });
  };

  private finish(outcome: WaitOutcome): void {
    const done = this.waiting;
    this.reset();
    done?.(outcome);
  }

  private reset(): void {
    this.approval = undefined;
    this.early = undefined;
    this.waiting = undefined;
    this.ctx.port.disarm('hold');
  }
}
