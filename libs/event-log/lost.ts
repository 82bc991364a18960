import type { WireRange } from '#events';
import type { Draft } from './draft.js';

/** A draft without its parts: what its ranges held is lost to the log. An account of bytes alone becomes one per range. */
export function withoutParts({ type, session, data, wire }: Draft): Draft[] {
  const rest = { type, data, ...(session !== undefined && { session }) } as Draft;
  if (!wire) return [rest];
  const lost = wire.map((range): WireRange => ({ ...range, lost: 'log' }));
  return type === 'wire.recorded' ? lost.map((range) => ({ ...rest, wire: [range] })) : [{ ...rest, wire: lost }];
}

/** What remains of a draft whose fact is given up: an account of its bytes, if it had any. A session's own facts stay. */
export function withoutFacts(draft: Draft): Draft[] {
  if (draft.type.startsWith('session.')) return withoutParts(draft);
  const { session, wire } = draft;
  return session === undefined || !wire ? [] : withoutParts({ type: 'wire.recorded', session, data: {}, wire });
}

/**
 * The second account of lost bytes added to the first, where it carries on exactly where that ends. What is made of two has no list of
 * messages, and names no statement unless both named the same.
 */
export function joinLost(first: Draft, second: Draft): Draft | undefined {
  const [a] = first.wire ?? [];
  const [b] = second.wire ?? [];
  if (first.type !== 'wire.recorded' || second.type !== 'wire.recorded' || !a || !b || a.to !== b.from) return undefined;
  return {
    ...first,
    data: first.data.n === second.data.n ? first.data : {},
    wire: [{ dir: a.dir, from: a.from, lost: 'log', msgs: '', to: b.to }],
  };
}

/** What an account of lost bytes may be joined by: the stream that it is of. Nothing where a draft is more, or less, than that. */
export function lostStream({ type, session, wire, parts }: Draft): string | undefined {
  const [range, ...more] = wire ?? [];
  if (type !== 'wire.recorded' || session === undefined || range?.lost === undefined || more.length > 0 || parts)
    return undefined;
  return `${session} ${range.dir}`;
}
