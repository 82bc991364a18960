import { type Approval, evolve, forget, type Held, type Holds, isAsker, isEligible, noHolds, outcomeOf } from '#approvals';
import type { StoredRecord } from '#event-log';
import type { By, Event, EventOf } from '#events';
import type { AccessJournal } from '../access/access-journal.js';
import type { Caller } from '../access/caller.js';
import type { LogFold } from '../log/follower.js';
import { RequestFailed } from '../problem/problem.js';

export type VoteKind = 'granted' | 'denied' | 'withdrawn';

/** An approval that was asked for. */
export interface KnownApproval {
  readonly approval: Approval & { readonly held: Held };
  /** The first decision that asked for it, where the log has it: those after it, for the same, say no more than that it still waits. */
  readonly decision: EventOf<'statement.decided'>['data'] | undefined;
  /** The step of its session that asked last. */
  readonly seq: number;
}

/** An approval that ended is shown for so long; what it was is in the log for ever. */
export const shownMs = 30 * 24 * 3_600_000;
const forgetEvery = 1_000;
/** How long a voter waits at most to see their own vote come back from the log. */
const reflectMs = 2_000;

/** Held statements and votes, folded from the log. A vote is written into it, and counts once it comes back from it. */
export class Approvals implements LogFold {
  private holds: Holds = noHolds;
  private readonly decisions = new Map<string, EventOf<'statement.decided'>['data']>();
  private readonly steps = new Map<string, number>();
  private readonly watching = new Set<() => void>();
  private taken = 0;

  constructor(
    private readonly accesses: AccessJournal,
    private readonly now: () => number,
  ) {}

  take(_: StoredRecord, event: Event | undefined): void {
    if (!event) return;
    this.holds = evolve(this.holds, event);
    if (event.type === 'statement.held') this.steps.set(event.data.approval, event.seq);
    if (event.type === 'statement.decided' && event.data.verdict === 'hold') this.keep(event.data);
    if (++this.taken % forgetEvery === 0) this.forget();
    for (const look of this.watching) look();
  }

  /** Newest first. */
  list(): KnownApproval[] {
    const known = [...this.holds.approvals.keys()].flatMap((id) => this.find(id) ?? []);
    return known.sort((a, b) => b.approval.held.since - a.approval.held.since || (a.approval.id < b.approval.id ? 1 : -1));
  }

  find(id: string): KnownApproval | undefined {
    const approval = this.holds.approvals.get(id);
    if (!approval?.held) return undefined;
    return { approval: { ...approval, held: approval.held }, decision: this.decisions.get(id), seq: this.steps.get(id) ?? 0 };
  }

  /**
   * Writes a vote, and waits until it is on disk. It is bound to what is held, and to nothing else.
   * @param seen the binding that the voter was shown, where they say so
   * @throws RequestFailed when they may not vote on it, or it does not wait for votes; LogFailed when the vote is not on record
   */
  async vote(
    id: string,
    kind: VoteKind,
    caller: Caller,
    { reason, seen }: { reason?: string | undefined; seen?: string | undefined },
  ) {
    const known = this.find(id);
    if (!known) throw new RequestFailed('not-found', `There is no approval ${id}.`);
    const { held } = known.approval;
    this.admit(held, kind, caller);
    const outcome = outcomeOf(known.approval, this.now());
    const isOpen = outcome === 'waiting' || (outcome === 'granted' && kind !== 'granted');
    if (!isOpen) throw new RequestFailed('no-longer-waiting', `It is ${outcome}.`);
    if (seen !== undefined && seen !== held.binding) throw new RequestFailed('held-for-something-else');
    const { by, groups } = caller;
    const data = { approval: id, binding: held.binding, by, groups: [...groups], ...(reason !== undefined && { reason }) };
    const before = this.voteOf(id, by);
    await this.accesses.write([{ type: `approval.${kind}`, data }]);
    await this.until(() => this.voteOf(id, by) !== before);
    return this.find(id) ?? known;
  }

  private admit(held: Held, kind: VoteKind, { by, actors, groups }: Caller): void {
    const isOwn = held.asker !== null && isAsker(held.asker, by);
    // Who asked may take it back; that is all they may do.
    if (isOwn && kind === 'withdrawn') return;
    if (isOwn) throw new RequestFailed('own-statement');
    if (actors.length > 0) throw new RequestFailed('not-an-approver', 'A program that acts for someone does not vote for them.');
    if (!isEligible(held, { by, groups }))
      throw new RequestFailed('not-an-approver', `It needs one of these groups: ${held.approvers.join(', ')}.`);
  }

  private voteOf(id: string, by: By): string | undefined {
    const votes = this.holds.approvals.get(id)?.votes ?? [];
    return votes.find((vote) => vote.by.issuer === by.issuer && vote.by.subject === by.subject)?.event;
  }

  private async until(isThere: () => boolean): Promise<void> {
    let stop: () => void = () => undefined;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (isThere()) resolve();
      };
      const timer = setTimeout(resolve, reflectMs);
      this.watching.add(look);
      stop = () => {
        clearTimeout(timer);
        this.watching.delete(look);
      };
      look();
    });
    stop();
  }

  private keep(decision: EventOf<'statement.decided'>['data']): void {
    const { approval } = decision;
    if (approval !== undefined && !this.decisions.has(approval)) this.decisions.set(approval, decision);
  }

  private forget(): void {
    this.holds = forget(this.holds, this.now() - shownMs);
    for (const known of [this.decisions, this.steps])
      for (const id of known.keys()) if (!this.holds.approvals.has(id)) known.delete(id);
  }
}
