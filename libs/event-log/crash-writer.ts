import { writeSync } from 'node:fs';
import process from 'node:process';
import { topics } from '#events';
import { openSegmentLog } from './segment-log.js';

// A writer for a test to kill: writes without end, and prints the number of each write that was acknowledged.
const [dir = '', from = '0'] = process.argv.slice(2);
const log = await openSegmentLog({ dir, segmentBytes: 64 * 1024 });
for (let n = Number(from); ; n++) {
  const records = [0, 1, 2].map((i) => ({
    topic: topics.events,
    key: 'k',
    value: Buffer.from(`${n}.${i} ${'x'.repeat((n * 37) % 500)}`),
  }));
  await log.write(records, n % 3 === 0 ? 'file' : 'disk');
  writeSync(1, `${n}\n`);
}
