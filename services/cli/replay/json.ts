import type { Step } from '#replay';

/** A step for scripts. Messages are listed without their bytes: what they say is in the state, the text and the rows. */
export function jsonStep({ seq, event, hash, decision, sql, messages, results, state }: Step): string {
  const listed = messages.map(({ dir, type, length, count }) => ({ dir, type, length, count }));
  return JSON.stringify({
    seq,
    hash,
    at: event.at,
    type: event.type,
    data: event.data,
    decision,
    sql,
    results,
    messages: listed,
    state,
  });
}
