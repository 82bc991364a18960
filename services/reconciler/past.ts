import type { LogReader, Predecessor } from '#event-log';
import { parseEvent, topics } from '#events';
import { keyOf } from './judgements.js';
import type { Taken } from './tail/tail.js';

/** What the reconciler's own outbox tells of its earlier lives. */
export interface Past {
  readonly previous: Predecessor | undefined;
  /** How far the files of each target were taken, by their heads. */
  readonly positions: ReadonlyMap<string, ReadonlyMap<string, Taken>>;
  /** Keys of what was explained and found. */
  readonly judged: ReadonlySet<string>;
}

/** @param reader reads the reconciler's own outbox and no other */
export async function readPast(reader: LogReader): Promise<Past> {
  let previous: Predecessor | undefined;
  const positions = new Map<string, Map<string, Taken>>();
  const judged = new Set<string>();
  await reader.consume({
    name: 'reconciler: its past',
    topics: [topics.events],
    from: () => 0,
    until: 'end',
    signal: new AbortController().signal,
    each: (batch) => {
      for (const { value } of batch) {
        const event = parseEvent(value);
        previous = { producer: event.producer, pseq: event.pseq };
        if (event.type === 'native.observed') {
          const { target, head, to, time } = event.data;
          const ofTarget = positions.get(target) ?? new Map<string, Taken>();
          positions.set(target, ofTarget);
          if (to > (ofTarget.get(head)?.to ?? 0)) ofTarget.set(head, { to, time });
        } else if (event.type === 'native.explained' || event.type === 'bypass.found') judged.add(keyOf(event));
      }
      return Promise.resolve();
    },
  });
  return { previous, positions, judged };
}
