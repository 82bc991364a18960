import { type Topic, topics } from '#events';
import { SegmentReader } from '#event-log';
import type { Path } from './path.js';

/** The bytes of all records that a path keeps: what its log holds, without the zeros that its segments are prepared with. */
export async function keptBytes({ dataDir }: Path): Promise<number> {
  if (dataDir === undefined) return 0;
  const reader = new SegmentReader({ dataDir });
  let bytes = 0;
  await reader.consume({
    name: 'bench',
    topics: [topics.events, topics.parts, topics.control] satisfies Topic[],
    from: () => 0,
    until: 'end',
    signal: new AbortController().signal,
    each: (batch) => {
      for (const { value } of batch) bytes += value.length;
      return Promise.resolve();
    },
  });
  await reader.close();
  return bytes;
}
