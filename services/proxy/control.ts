import { type Event, MalformedEvent, parseEvent, topics, UnknownEvent } from '#events';
import type { From, LogReader, StoredRecord } from '#event-log';

export interface ControlFollowing {
  readonly reader: LogReader;
  /** No other proxy's: each reads all of it. */
  readonly consumer: string;
  /** Where the past ended. */
  readonly from: From;
  /** What takes the events in: votes, revocations. */
  readonly folds: readonly ((event: Event) => void)[];
  /** Told of a record that is no event, or none that this version knows. */
  readonly unreadable: (error: Error, place: Pick<StoredRecord, 'partition' | 'offset'>) => void;
  readonly failed: (error: unknown) => void;
}

/** Follows what others decide for every proxy, from now on. */
export function followControl({ reader, consumer, from, folds, unreadable, failed }: ControlFollowing): {
  stop(): Promise<void>;
} {
  const end = new AbortController();
  const read = ({ value, partition, offset }: StoredRecord): void => {
    let event: Event;
    try {
      event = parseEvent(value);
    } catch (error) {
      if (!(error instanceof UnknownEvent || error instanceof MalformedEvent)) throw error;
      unreadable(error, { partition, offset });
      return;
    }
    for (const fold of folds) fold(event);
  };
  const done = reader
    .consume({
      name: consumer,
      topics: [topics.control],
      from,
      until: 'follow',
      signal: end.signal,
      each: (batch) => {
        for (const record of batch) read(record);
        return Promise.resolve();
      },
    })
    .catch((error: unknown) => {
      if (!end.signal.aborted) failed(error);
    });
  return {
    stop: () => {
      end.abort();
      return done;
    },
  };
}
