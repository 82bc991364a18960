import type { StoredRecord } from '#event-log';

/** Records of one partition and topic that are inserted together. */
export type Block = readonly [StoredRecord, ...StoredRecord[]];

/** A block ends at the offsets that are multiples of this. */
export const blockRecords = 1000;
/** And where its bytes would pass this. */
export const blockBytes = 16 * 1024 * 1024;

/**
 * Cuts a batch into blocks at fixed offsets, never by time, so that records that come again are cut as before and the store
 * knows them. The first and the last piece of a batch may be a part of such a block; the key of the rows absorbs the overlap.
 */
export function cutBlocks(batch: readonly StoredRecord[]): Block[] {
  const blocks: [StoredRecord, ...StoredRecord[]][] = [];
  const growing = new Map<string, { readonly block: StoredRecord[]; bytes: number }>();
  for (const record of batch) {
    const place = `${record.topic}/${record.partition}/${Math.floor(record.offset / blockRecords)}`;
    const current = growing.get(place);
    if (current && current.bytes + record.value.length <= blockBytes) {
      current.block.push(record);
      current.bytes += record.value.length;
      continue;
    }
    const block: [StoredRecord] = [record];
    blocks.push(block);
    growing.set(place, { block, bytes: record.value.length });
  }
  return blocks;
}
