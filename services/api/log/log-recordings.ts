import type { LogReader, StoredRecord } from '#event-log';
import { decodePartRecord, type Event, parseEvent, PartName, type Topic, topics } from '#events';
import type { Recorded } from '#replay';
import { Assembly } from '../session/assembly.js';
import type { Positions } from './positions.js';
import type { Place, SessionIndex } from './session-index.js';

/** Sessions read from the event log itself. */
export class LogRecordings {
  constructor(
    private readonly reader: LogReader,
    private readonly index: SessionIndex,
    private readonly positions: Positions,
  ) {}

  /**
   * All of a session that the log holds now; undefined where it holds none of it.
   * @param kinds of parts that are wanted; the others are as if they had been erased
   * @throws RequestFailed `too-large`
   */
  async recording(session: string, kinds: readonly PartName[] = PartName.options): Promise<readonly Recorded[] | undefined> {
    const place = this.index.placeOf(session);
    const last = this.index.row(session);
    const assembly = new Assembly();
    const done = new AbortController();
    await this.reader.consume({
      name: 'api session',
      topics: [topics.events, topics.parts],
      from: (topic, partition) => this.from(place, topic, partition),
      until: 'end',
      signal: done.signal,
      each: (batch) => {
        for (const record of batch) {
          if (record.key !== session) continue;
          const event = take(assembly, record, kinds);
          if (last && last.endedAt !== null && event?.seq === last.version) done.abort();
        }
        return Promise.resolve();
      },
    });
    return assembly.isEmpty ? undefined : assembly.recorded();
  }

  /** One that is not in the index may be anywhere; of one that is, no other partition has anything. */
  private from(place: { events: Place; parts: Place | undefined } | undefined, topic: Topic, partition: string): number {
    if (!place) return 0;
    const first = topic === topics.parts ? place.parts : place.events;
    return first?.partition === partition ? first.offset : this.positions.next(topic, partition);
  }
}

function take(assembly: Assembly, record: StoredRecord, kinds: readonly PartName[]): Event | undefined {
  if (record.topic === topics.parts) {
    const part = decodePartRecord(record.value);
    if (kinds.includes(part.header.name)) assembly.addPart(part);
    return undefined;
  }
  const event = parseEvent(record.value);
  assembly.addEvent(event);
  return event;
}
