import { type Topic, topics } from '#events';
import { SegmentReader } from '#event-log';

/** The bytes of all records in a data directory: what the log holds, without the zeros that its segments are prepared with. */
export async function keptBytes(dataDir: string): Promise<number> {
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
