import { type Approval, type Held, type Holds, isAsker, type Vote } from './holds.js';

/**
 * What became of an approval. `withdrawn`: by who asked for it, or because they waited no longer. Only `granted` lets a statement
 * run, and only one.
 */
export type Outcome = 'waiting' | 'granted' | 'denied' | 'expired' | 'consumed' | 'withdrawn';

/** @param now Unix milliseconds */
export function outcomeOf({ held, votes, consumed, released }: Approval, now: number): Outcome {
  if (consumed) return 'consumed';
  if (!held) return 'waiting';
  const inTime = votes.filter(({ at }) => at < held.until);
  if (released || inTime.some((vote) => vote.kind === 'withdrawn' && isOwn(held, vote))) return 'withdrawn';
  const counted = inTime.filter((vote) => counts(held, vote));
  if (counted.some(({ kind }) => kind === 'denied')) return 'denied';
  if (now >= held.until) return 'expired';
  const grants = counted.filter(({ kind }) => kind === 'granted').length;
  return grants >= Math.max(1, held.quorum) ? 'granted' : 'waiting';
}

/** What waits for votes, the oldest first. */
export const pending = (holds: Holds, now: number): Approval[] =>
  [...holds.approvals.values()]
    .filter((approval) => approval.held && outcomeOf(approval, now) === 'waiting')
    .sort((a, b) => (a.held?.since ?? 0) - (b.held?.since ?? 0) || (a.id < b.id ? -1 : 1));

/** Whether someone may vote on it: in one of the groups that the policy names, and neither who asked nor on whose behalf. */
export const isEligible = (held: Held, voter: Pick<Vote, 'by' | 'groups'>): boolean =>
  held.asker !== null && !isAsker(held.asker, voter.by) && voter.groups.some((group) => held.approvers.includes(group));

/** A vote is for exact bytes in an exact place: one with another binding is a vote on something else. */
const counts = (held: Held, vote: Vote): boolean => vote.binding === held.binding && isEligible(held, vote);

const isOwn = ({ asker }: Held, { by }: Vote): boolean => asker !== null && isAsker(asker, by);
