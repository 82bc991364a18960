import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeLog } from './contract.js';
import { MemoryLog } from './memory-log.js';
import { openSegmentLog } from './segment-log.js';
import { SegmentReader } from './segment-reader.js';

describeLog('in memory', () => {
  const writer = new MemoryLog();
  return Promise.resolve({ writer, reader: writer.reader(), end: () => Promise.resolve() });
});

const segments = async (segmentBytes: number) => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'sallyport-log-'));
  const writer = await openSegmentLog({ dir: path.join(dataDir, 'outbox', 'proxy'), segmentBytes });
  const reader = new SegmentReader({ dataDir });
  const end = async () => {
    await reader.close();
    await writer.close();
    await rm(dataDir, { recursive: true });
  };
  return { writer, reader, end };
};
describeLog('segments', () => segments(1024 * 1024));
describeLog('segments that each hold one write', () => segments(4100));
