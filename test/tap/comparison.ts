import { setTimeout } from 'node:timers/promises';
import { type Event, eventId } from '#events';
import { readRecord, type WrittenRecord } from '../record.js';
import { expectAccounted } from './accounted.js';
import type { Tap } from './tap.js';
import type { TappedSession } from './tapped-session.js';

/**
 * Waits until every client of a tap is gone and its session on record as closed, then holds the proxy's record against what the tap
 * saw.
 * @returns as `unaccounted`, or what it waited for in vain
 */
export async function heldAgainstRecord(tap: Tap, dataDir: string): Promise<string[]> {
  const settled = await Promise.race([tap.settled().then(() => true), setTimeout(5_000, false, { ref: false })]);
  if (!settled) return tap.sessions().flatMap((one, i) => (one.closed ? [] : [`connection ${i} of a test is still open`]));
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = unaccounted(tap.sessions(), await readRecord(dataDir, 'proxy'));
    if (found.length === 0 || Date.now() > deadline) return found;
    await setTimeout(20);
  }
}

/**
 * Holds all sessions that a proxy has on record against all that a tap before it saw: none is missing on either side, and every byte
 * is accounted for.
 * @returns one line for each discrepancy
 */
export function unaccounted(tapped: readonly TappedSession[], { events, parts }: WrittenRecord): string[] {
  const recorded = sessionsByPort(events.filter(ofTheTap(events)));
  const paired = tapped.map((seen) => ({ seen, session: recorded.get(seen.port)?.shift() }));
  const pastTheTap = [...recorded.values()].flat().map((of) => `${of[0]?.session ?? ''}: is on record, and no tap saw it`);
  const differing = paired.flatMap(({ seen, session }) => {
    // It never was ready: there is nothing to account for.
    if (seen.backendPid === undefined) return [];
    if (!session) return [`backend ${seen.backendPid}: its session is not on record`];
    const [first, last] = [session[0], session.at(-1)];
    if (last?.type !== 'session.closed') return [`${first?.session ?? ''}: is not on record as closed`];
    const ids = new Set(session.map(eventId));
    return expectAccounted(
      seen,
      session,
      parts.filter(({ header }) => ids.has(eventId(header))),
    );
  });
  return [...pastTheTap, ...differing];
}

/** The address that a tap connects from. */
const tapAddress = '127.0.0.1';

/** All but what was refused to clients that came from elsewhere on purpose: it has no bytes to account for, and may share a port. */
function ofTheTap(events: readonly Event[]): (event: Event) => boolean {
  const refused = new Set(events.filter(({ type }) => type === 'session.refused').map(({ session }) => session));
  const elsewhere = new Set(
    events.flatMap((event) =>
      event.type === 'session.opened' && event.data.client.address !== tapAddress ? [event.session] : [],
    ),
  );
  return ({ session }) => !(refused.has(session) && elsewhere.has(session));
}

/** The events of each session under the port of its client: of sessions that had one port in turn, the earliest first. */
function sessionsByPort(events: readonly Event[]): Map<number, Event[][]> {
  const sessions = new Map<string, Event[]>();
  const byPort = new Map<number, Event[][]>();
  for (const event of events) {
    const session = sessions.get(event.session) ?? [];
    session.push(event);
    sessions.set(event.session, session);
    if (event.type !== 'session.opened') continue;
    const { port } = event.data.client;
    byPort.set(port, [...(byPort.get(port) ?? []), session]);
  }
  return byPort;
}
