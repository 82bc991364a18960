import type { Topic } from '#events';
import type { Files } from './files.js';
import type { Head } from './head.js';
import { LogCorrupt } from './port.js';
import { listSegments, readSegment, segmentFile, segmentHeaderBytes, SegmentScan, type SegmentHeader } from './segment.js';

/** What an earlier life left: its last segment, as far as it counts, and the next offset of each topic. */
export interface Recovered {
  readonly previous?: SegmentHeader['previous'];
  readonly offsets: ReadonlyMap<Topic, number>;
}

/**
 * Finds the end of the log, by what is in it rather than by its head: a write may have been whole on disk and not yet published.
 * What follows the last whole batch, a write cut short, is cut off.
 * @throws LogCorrupt when less is whole than the head says was on disk
 */
export async function recover(files: Files, dir: string, head: Head | undefined): Promise<Recovered> {
  const last = (await listSegments(files, dir)).at(-1) ?? 0;
  if (head && head.segment > last) throw new LogCorrupt(segmentFile(dir, head.segment), 0, 'the segment is missing');
  if (last === 0) return { offsets: new Map() };

  const file = segmentFile(dir, last);
  const open = await files.open(file, 'write');
  try {
    const segment = await readSegment(file, open);
    const known = head?.segment === last ? head : undefined;
    const size = await open.size();
    const limit = known?.sealed ? known.published : size;
    const offsets = new Map(segment.header.topics.map(({ topic, base }) => [topic, base]));
    const scan = new SegmentScan(segment, open);
    let why = 'the file ends';
    for (;;) {
      const found = await scan.next(limit);
      if (found && 'why' in found) why = found.why;
      if (!found || 'why' in found) break;
      for (const { topic } of found) offsets.set(topic, (offsets.get(topic) ?? 0) + 1);
    }
    const length = scan.position;
    if (length < (known?.durable ?? segmentHeaderBytes)) throw new LogCorrupt(file, length, why);
    if (length < size) {
      await open.truncate(length);
      await open.datasync();
    }
    return { previous: { segment: last, length }, offsets };
  } finally {
    await open.close();
  }
}
