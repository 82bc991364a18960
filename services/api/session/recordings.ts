import { LRUCache } from 'lru-cache';
import { type ClickHouse, partsOfEvents, recordedEvents } from '#clickhouse';
import { type Event, eventId, parseEvent, PartName } from '#events';
import type { Recorded } from '#replay';
import type { LogRecordings } from '../log/log-recordings.js';
import { RequestFailed } from '../problem/problem.js';
import type { Answered, Projection } from '../projection.js';
import { Assembly } from './assembly.js';

const cachedBytes = 64 * 1024 * 1024;
const eventsPerQuery = 500;

/** Whole sessions, to be stepped through. Those that have ended and were looked at last are kept: a replay asks step by step. */
export class Recordings {
  private readonly ended = new LRUCache<string, Answered<readonly Recorded[]>>({ maxSize: cachedBytes });

  constructor(
    private readonly projection: Projection,
    private readonly log: LogRecordings,
  ) {}

  /** @throws RequestFailed `not-found` */
  async of(session: string): Promise<Answered<readonly Recorded[]>> {
    const cached = this.ended.get(session);
    const through = cached && (await this.projection.through(cached.source));
    if (through) return { ...cached, projected_through: through };
    const answer = await this.projection.answer(
      (clickhouse) => recordingIn(clickhouse, session),
      () => this.log.recording(session),
    );
    const { value, ...rest } = answer;
    if (!value) throw new RequestFailed('not-found', `There is no session ${session}.`);
    const found = { ...rest, value };
    if (value.at(-1)?.event.type === 'session.closed') {
      const size = value.reduce((sum, { parts }) => sum + [...parts.values()].reduce((n, { length }) => n + length, 1024), 1);
      if (size <= cachedBytes / 2) this.ended.set(session, found, { size });
    }
    return found;
  }
}

/** Undefined as long as a part that was kept is not there: only the log can tell one that is on its way from one that was erased. */
async function recordingIn(clickhouse: ClickHouse, session: string): Promise<readonly Recorded[] | undefined> {
  const assembly = new Assembly();
  const withParts: Event[] = [];
  for await (const { canon } of recordedEvents(clickhouse, session)) {
    const event = parseEvent(canon);
    assembly.addEvent(event);
    if (event.parts) withParts.push(event);
  }
  if (assembly.isEmpty) return undefined;
  for (let at = 0; at < withParts.length; at += eventsPerQuery) {
    const some = withParts.slice(at, at + eventsPerQuery);
    // A session never moves between producers.
    const producer = some[0]?.producer ?? '';
    const pseqs = some.map(({ pseq }) => pseq);
    for (const part of await partsOfEvents(clickhouse, producer, pseqs))
      assembly.addChunk(eventId(part), { ...part, name: PartName.parse(part.name) });
  }
  const recorded = assembly.recorded();
  return recorded.every(isWhole) ? recorded : undefined;
}

const isWhole = ({ event, parts }: Recorded): boolean =>
  (event.parts ?? []).every(({ name, withheld }) => withheld !== undefined || parts.has(name));
