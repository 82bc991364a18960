import { binding, evolve, forget, type Holds as Folded, noHolds, outcomeOf } from '#approvals';
import { type Event, uuidv7 } from '#events';
import { type HeldFacts, type HoldAnswer, type HoldRequest, Holds, type SessionFacts, type VoteOutcome } from './session/port.js';

export interface HoldDeskOptions {
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
}

/** How long an approval that ended is remembered: a denied statement that is tried again is denied again. */
const rememberedMs = 3_600_000;

/** Where all sessions of this process ask, and where votes arrive. Folded from the log at start; a grant is spent here, once. */
export class HoldDesk extends Holds {
  private folded: Folded = noHolds;
  /** The last approval that was asked for, by what it binds. */
  private readonly byBinding = new Map<string, string>();
  private readonly waiting = new Map<string, (outcome: VoteOutcome) => void>();
  /** Grants that were given out and whose use is not on record yet, or is. */
  private readonly spent = new Set<string>();

  constructor(private readonly options: HoldDeskOptions) {
    super();
  }

  /** Takes in what is on record: holds of earlier lives, votes, and uses. */
  follow(event: Event): void {
    this.folded = evolve(this.folded, event);
    if (event.type === 'statement.held') this.byBinding.set(event.data.binding, event.data.approval);
    if (event.type.startsWith('approval.') && 'approval' in event.data && event.data.approval !== undefined)
      this.tell(event.data.approval);
  }

  ask(session: SessionFacts, { bound, decision, waiting }: HoldRequest): HoldAnswer {
    const now = this.options.now();
    const bind = binding(bound);
    const known = this.byBinding.get(bind);
    const approval = known === undefined ? undefined : this.folded.approvals.get(known);
    const outcome = approval && outcomeOf(approval, now);
    if (approval?.held && known !== undefined && !this.spent.has(known)) {
      if (outcome === 'granted') {
        this.spent.add(known);
        return { kind: 'granted', approval: known };
      }
      if (outcome === 'denied') return { kind: 'denied', approval: known };
      const { approvers, quorum, until } = approval.held;
      if (outcome === 'waiting')
        return { kind: 'pending', held: { approval: known, approvers: [...approvers], binding: bind, quorum, until } };
    }
    const held: HeldFacts = {
      approval: uuidv7(now, this.options.random(10)),
      approvers: [...decision.approvers],
      binding: bind,
      quorum: decision.quorum,
      until: now + decision.expiresMs,
    };
    this.open(session, held, waiting ? 'wait' : 'retry', now);
    if (waiting) this.waiting.set(held.approval, waiting);
    return { kind: 'opened', held };
  }

  giveBack(approval: string): void {
    this.spent.delete(approval);
  }

  leave(approval: string, then: 'retry' | 'withdrawn'): void {
    this.waiting.delete(approval);
    // A withdrawn hold is nobody's: the same statement, sent again, is held anew.
    if (then === 'withdrawn') this.spent.add(approval);
  }

  /** What this process opens, it knows before the log tells it. */
  private open(
    { id, principal, actors }: SessionFacts,
    { approval, approvers, binding: bind, quorum, until }: HeldFacts,
    mode: 'wait' | 'retry',
    now: number,
  ): void {
    this.folded = forget(this.folded, now - rememberedMs);
    const { issuer, subject } = principal;
    const asker = { principal: { issuer, subject }, actors };
    const askers = new Map(this.folded.askers).set(id, asker);
    const approvals = new Map(this.folded.approvals).set(approval, {
      id: approval,
      held: { session: id, n: 0, asker, approvers, binding: bind, mode, quorum, since: now, until },
      votes: [],
      consumed: null,
      released: false,
    });
    this.folded = { askers, approvals };
    this.byBinding.set(bind, approval);
  }

  private tell(id: string): void {
    const waiting = this.waiting.get(id);
    const approval = this.folded.approvals.get(id);
    if (!waiting || !approval || this.spent.has(id)) return;
    const outcome = outcomeOf(approval, this.options.now());
    if (outcome !== 'granted' && outcome !== 'denied') return;
    this.waiting.delete(id);
    if (outcome === 'granted') this.spent.add(id);
    waiting(outcome);
  }
}
