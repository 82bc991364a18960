import { type Event, eventId, type EventOf, isSame } from '#events';
import type { Approval, Held, Holds, Vote } from './holds.js';

/** The holds after one more event. Votes and holds may come in any order between each other, and more than once. */
export function evolve(holds: Holds, event: Event): Holds {
  switch (event.type) {
    case 'session.authenticated': {
      const { principal, actors = [] } = event.data;
      const { issuer, subject } = principal;
      const asker = { principal: { issuer, subject }, actors };
      return { ...holds, askers: new Map(holds.askers).set(event.session, asker) };
    }
    case 'statement.held':
      return hold(holds, event);
    case 'approval.granted':
      return vote(holds, 'granted', event);
    case 'approval.denied':
      return vote(holds, 'denied', event);
    case 'approval.withdrawn':
      return vote(holds, 'withdrawn', event);
    case 'statement.decided':
      return consume(holds, event);
    case 'statement.completed':
      return release(holds, (held) => held.session === event.session && held.n === event.data.n);
    case 'session.closed':
      return leave(holds, event.session);
    default:
      return holds;
  }
}

/** Drops what ended before this instant: it can neither be voted on nor used any more. */
export function forget(holds: Holds, before: number): Holds {
  const approvals = new Map([...holds.approvals].filter(([, approval]) => lastInstant(approval) >= before));
  return { ...holds, approvals };
}

const lastInstant = ({ held, votes }: Approval): number => Math.max(held?.until ?? 0, ...votes.map(({ at }) => at));

function change(holds: Holds, id: string, next: (approval: Approval) => Approval): Holds {
  const approval = holds.approvals.get(id) ?? { id, held: null, votes: [], consumed: null, released: false };
  return { ...holds, approvals: new Map(holds.approvals).set(id, next(approval)) };
}

/** A later statement.held under the same id takes the place of the earlier: a wait that became a retry. */
function hold(holds: Holds, { session, at, data }: EventOf<'statement.held'>): Holds {
  const { n, approval: id, approvers, binding, mode, quorum, until } = data;
  return change(holds, id, (approval) => {
    const asker = holds.askers.get(session) ?? approval.held?.asker ?? null;
    const held: Held = { session, n, asker, approvers, binding, mode, quorum, since: at, until };
    if (approval.held && approval.held.since > at) return approval;
    return { ...approval, held, released: approval.released && approval.held?.since === at };
  });
}

function vote(
  holds: Holds,
  kind: Vote['kind'],
  event: EventOf<'approval.granted' | 'approval.denied' | 'approval.withdrawn'>,
): Holds {
  const { approval: id, by, groups, binding, reason = null } = event.data;
  const cast: Vote = { kind, by, groups, binding, reason, at: event.at, event: eventId(event) };
  return change(holds, id, (approval) => {
    const before = approval.votes.find((each) => isSame(each.by, by));
    if (before && !isLater(cast, before)) return approval;
    return { ...approval, votes: [...approval.votes.filter((each) => each !== before), cast] };
  });
}

/** A voter's last word counts, whichever is read last. */
const isLater = (a: Vote, b: Vote): boolean => a.at > b.at || (a.at === b.at && a.event > b.event);

/** The first decision that lets a statement run under an approval uses it up. */
function consume(holds: Holds, { session, at, data }: EventOf<'statement.decided'>): Holds {
  const { n, approval: id, verdict } = data;
  if (id === undefined || verdict !== 'allow') return holds;
  return change(holds, id, (approval) => ({ ...approval, consumed: approval.consumed ?? { session, n, at } }));
}

/** A client that waits no longer needs no answer. One that was told to retry may still come back. */
function release(holds: Holds, isOver: (held: Held) => boolean): Holds {
  const over = [...holds.approvals.values()].filter(({ held }) => held?.mode === 'wait' && isOver(held));
  return over.reduce((rest, { id }) => change(rest, id, (approval) => ({ ...approval, released: true })), holds);
}

function leave(holds: Holds, session: string): Holds {
  const askers = new Map(holds.askers);
  askers.delete(session);
  return release({ ...holds, askers }, (held) => held.session === session);
}
