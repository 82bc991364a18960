import type { LogReader, Predecessor, StoredRecord } from '#event-log';
import { type Event, MalformedEvent, parseEvent, topics, UnknownEvent } from '#events';
import type { Positions } from './positions.js';

/** Something that is folded from the log, record by record. */
export interface LogFold {
  /** @param event what the record says, where it is an event that this code can read */
  take(record: StoredRecord, event: Event | undefined): void;
}

export interface LogFollowerOptions {
  readonly reader: LogReader;
  /** Where it is. */
  readonly positions: Positions;
  readonly folds: readonly LogFold[];
  /** The uuid of the api's own outbox. */
  readonly ownLog: string;
  /** Told of a record that cannot be read, and passed over. */
  readonly report: (record: StoredRecord, problem: string) => void;
}

/** Reads the log from its beginning, and then as it grows, into what the api keeps in mind of it. */
export class LogFollower {
  private own: Predecessor | undefined;

  constructor(private readonly options: LogFollowerOptions) {}

  /** Reads all that is there. @returns the last life of the api's own outbox */
  async catchUp(): Promise<Predecessor | undefined> {
    await this.consume('end', new AbortController().signal);
    return this.own;
  }

  /** Goes on where it was, until the signal aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    try {
      await this.consume('follow', signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  private consume(until: 'end' | 'follow', signal: AbortSignal): Promise<void> {
    return this.options.reader.consume({
      name: `api ${this.options.ownLog}`, // each api reads all of the log
      topics: [topics.events, topics.parts, topics.control],
      from: (topic, partition) => this.options.positions.next(topic, partition),
      until,
      signal,
      each: (batch) => {
        for (const record of batch) this.take(record);
        return Promise.resolve();
      },
    });
  }

  private take(record: StoredRecord): void {
    const event = record.topic === topics.parts ? undefined : this.read(record);
    if (event && record.partition === this.options.ownLog) this.own = { producer: event.producer, pseq: event.pseq };
    for (const fold of this.options.folds) fold.take(record, event);
    this.options.positions.take(record, event);
  }

  private read(record: StoredRecord): Event | undefined {
    try {
      return parseEvent(record.value);
    } catch (error) {
      if (!(error instanceof MalformedEvent || error instanceof UnknownEvent)) throw error;
      this.options.report(record, error.message);
      return undefined;
    }
  }
}
