import type { Event, EventOf } from '#events';

type Observed = EventOf<'native.observed'>['data'];

/** Where a record of Postgres' own log stands among a session's own steps. */
export interface Placed {
  /** Unix milliseconds by the proxy's clock. */
  readonly at: number;
  /** The `seq` of the step that it follows; -1 before the first. */
  readonly after: number;
}

/**
 * Places the records of a session's backend among the session's events.
 * @param events of the session, in the order of `seq`
 * @param records in the order of its log
 */
export function place(events: readonly Event[], records: readonly Observed[]): Placed[] {
  const offset = clockOffset(events, records);
  return records.map(({ time }) => {
    const at = time + offset;
    const before = events.findLast((event) => event.at <= at);
    return { at, after: before?.seq ?? -1 };
  });
}

/**
 * What is to be added to the server's clock to have the proxy's, in milliseconds: the least that puts things in the order in which they
 * must have happened. The server heard of a connection after the session was authenticated, and let it in before the session was ready.
 */
export function clockOffset(events: readonly Event[], records: readonly Observed[]): number {
  const authenticated = events.find(({ type }) => type === 'session.authenticated')?.at;
  const ready = events.find(({ type }) => type === 'session.ready')?.at;
  const received = records.find(({ tells }) => tells === 'connection')?.time;
  const authorized = records.find(({ tells }) => tells === 'authorization')?.time;
  const least = authenticated === undefined || received === undefined ? -Infinity : authenticated - received;
  const most = ready === undefined || authorized === undefined ? Infinity : ready - authorized;
  return Math.min(Math.max(0, least), most);
}
