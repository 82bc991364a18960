import type { Decision } from '#policy';
import type { SessionContext } from './context.js';
import type { HoldAnswer, HoldOutcome, HoldRequest, Holds } from './port.js';

export type WaitOutcome = HoldOutcome | 'cancelled';

/** The one statement of a session that may wait for a human. */
export class Holding {
  private approval: string | undefined;
  /** A vote that came before the session began to wait. */
  private early: HoldOutcome | undefined;
  private waiting: ((outcome: WaitOutcome) => void) | undefined;
  private readonly voted = (outcome: HoldOutcome): void => {
    if (this.waiting) this.finish(outcome);
    else this.early = outcome;
  };

  constructor(
    private readonly ctx: SessionContext,
    private readonly holds: Holds,
  ) {}

  /** Asks for a grant; where the session can wait, it is told of the vote. */
  ask(request: HoldRequest, decision: Decision, canWait: boolean): HoldAnswer {
    const answer = this.holds.ask(request, decision, canWait ? this.voted : undefined);
    if (canWait && answer.kind === 'held') this.approval = answer.approval;
    return answer;
  }

  wait(ms: number, done: (outcome: WaitOutcome) => void): void {
    this.waiting = done;
    if (this.early) this.finish(this.early);
    else this.ctx.port.arm('hold', ms);
  }

  /** Ends the wait without a vote; true when something waited. */
  end(outcome: 'cancelled' | 'expired'): boolean {
    if (!this.waiting) return false;
    if (this.approval !== undefined) this.holds.leave(this.approval, this.voted);
    this.finish(outcome);
    return true;
  }

  /** Nobody waits any more. */
  leave(): void {
    if (this.approval !== undefined) this.holds.leave(this.approval, this.voted);
    this.approval = undefined;
    this.early = undefined;
    this.waiting = undefined;
    this.ctx.port.disarm('hold');
  }

  private finish(outcome: WaitOutcome): void {
    const done = this.waiting;
    this.approval = undefined;
    this.early = undefined;
    this.waiting = undefined;
    this.ctx.port.disarm('hold');
    done?.(outcome);
  }
}
