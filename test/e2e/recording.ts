import { setTimeout } from 'node:timers/promises';
import { eventId, type PartName } from '#events';
import type { Recorded } from '#replay';
import type { World } from './world.js';

/** What is on record of the one session that this user opened, once it is closed. Throws when it is not after five seconds. */
export async function closedRecording(world: World, user: string): Promise<readonly Recorded[]> {
  const deadline = Date.now() + 5_000;
  for (;;) {
    const recorded = await recordingOf(world, user);
    if (recorded.at(-1)?.event.type === 'session.closed') return recorded;
    if (Date.now() > deadline) throw new Error(`no session of ${user} is on record as closed`);
    await setTimeout(20);
  }
}

async function recordingOf(world: World, user: string): Promise<Recorded[]> {
  const { events, parts } = await world.record();
  const opened = events.find((event) => event.type === 'session.opened' && event.data.user === user);
  const own = events.filter(({ session }) => session === opened?.session);
  const contents = new Map(own.map((event) => [eventId(event), new Map<PartName, Buffer>()]));
  for (const { header, bytes } of parts) {
    const of = contents.get(eventId(header));
    of?.set(header.name, Buffer.concat([of.get(header.name) ?? Buffer.alloc(0), bytes]));
  }
  return own.map((event) => ({ event, parts: contents.get(eventId(event)) ?? new Map<PartName, Buffer>() }));
}
