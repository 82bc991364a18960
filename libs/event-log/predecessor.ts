import { parseEvent, topics } from '#events';
import type { Predecessor } from './journal.js';
import type { LogReader } from './port.js';

/** The last life of the one outbox that the reader reads; nothing when there was none. @throws what the log or its last event throw */
export async function readPredecessor(reader: LogReader): Promise<Predecessor | undefined> {
  let last: Buffer | undefined;
  await reader.consume({
    name: 'predecessor',
    topics: [topics.events, topics.control],
    from: () => 0,
    until: 'end',
    signal: new AbortController().signal,
    each: (batch) => {
      last = batch.at(-1)?.value ?? last;
      return Promise.resolve();
    },
  });
  if (!last) return undefined;
  const { producer, pseq } = parseEvent(last);
  return { producer, pseq };
}
