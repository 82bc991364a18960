import { topics } from '#events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readAll } from './contract.js';
import { DataDirectory, record } from './outbox-fixture.js';
import type { StoredRecord } from './port.js';
import { openSegmentLog, type SegmentLog } from './segment-log.js';
import { SegmentReader } from './segment-reader.js';

let data: DataDirectory;
let reader: SegmentReader;
const open: SegmentLog[] = [];

const openLog = async (service: string, segmentBytes = 16 * 1024): Promise<SegmentLog> => {
  const log = await openSegmentLog({ dir: path.join(data.path, 'outbox', service), segmentBytes });
  open.push(log);
  return log;
};

beforeEach(async () => {
  data = await DataDirectory.make();
  reader = new SegmentReader({ dataDir: data.path });
});
afterEach(async () => {
  for (const log of open.splice(0)) await log.close();
  await data.remove();
});

/** Follows until so many records were read. */
const follow = async (count: number, during: (read: number) => Promise<void>): Promise<StoredRecord[]> => {
  const stop = new AbortController();
  const read: StoredRecord[] = [];
  await readAll(reader, {
    until: 'follow',
    signal: stop.signal,
    each: async (batch) => {
      read.push(...batch);
      if (read.length >= count) stop.abort();
      await during(read.length);
    },
  });
  return read;
};

describe('a segment reader', () => {
  it('reads the outbox of one service alone where it is told to', async () => {
    for (const service of ['proxy', 'api']) await (await openLog(service)).write([record(service)], 'disk');
    const own = new SegmentReader({ dataDir: data.path, only: 'api' });
    expect((await readAll(own)).map(({ value }) => value.toString())).toEqual(['api']);
  });
  it('finds nothing where there is no outbox', async () => {
    expect(await readAll(reader)).toEqual([]);
  });

  it('reads every outbox, those too that appear later', async () => {
    const proxy = await openLog('proxy');
    await proxy.write([record('p')], 'disk');
    const read = await follow(2, async (n) => {
      if (n === 1) await (await openLog('api')).write([record('a')], 'disk');
    });
    expect(read.map(({ partition, value }) => [partition, value.toString()])).toEqual([
      [proxy.log, 'p'],
      [open[1]?.log, 'a'],
    ]);
  });

  it('follows a writer through segments and restarts', async () => {
    const count = 60;
    let log = await openLog('proxy', 4400);
    await log.write([record('0')], 'disk');
    const writing = (async () => {
      for (let i = 1; i < count; i++) {
        if (i % 20 === 0) {
          await open.pop()?.close();
          log = await openLog('proxy', 4400);
        }
        await log.write([record(String(i))], i % 3 === 0 ? 'file' : 'disk');
      }
    })();
    const read = await follow(count, () => Promise.resolve());
    await writing;
    expect(read.map(({ offset, value }) => [offset, value.toString()])).toEqual(
      Array.from({ length: count }, (_, i) => [i, String(i)]),
    );
  });

  it('hands over batches of bounded size', async () => {
    const log = await openLog('proxy');
    await log.write(
      Array.from({ length: 2500 }, () => record('x')),
      'disk',
    );
    await log.write(
      Array.from({ length: 3 }, () => record('y'.repeat(700_000))),
      'disk',
    );
    const sizes: number[] = [];
    await readAll(reader, {
      each: (batch) => {
        sizes.push(batch.length);
        return Promise.resolve();
      },
    });
    expect(sizes).toEqual([1000, 1000, 501, 1, 1]);
  });

  it('says in which file and where a bit was flipped', async () => {
    const log = await openLog('proxy');
    await log.write([record('1')], 'disk');
    await log.write([record('second'), record('third')], 'disk');
    const file = data.file('0000000001.seg');
    const bytes = await readFile(file);
    const at = bytes.indexOf('third');
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(file, bytes);
    const head = 10 + 'k'.length;
    await expect(data.values()).rejects.toMatchObject({ name: 'LogCorrupt', file, at: at - head });
    await open.pop()?.close();
    await expect(openLog('proxy')).rejects.toMatchObject({
      name: 'LogCorrupt',
      file,
      at: at - head - (10 + 'ksecond'.length) - 8,
    });
  });

  it('says that records are gone when their segment is', async () => {
    const log = await openLog('proxy', 4400);
    for (const value of ['x'.repeat(300), 'y'.repeat(300), 'z']) await log.write([record(value)], 'disk');
    await rm(data.file('0000000001.seg'));
    await expect(data.values()).rejects.toMatchObject({ name: 'LogGap', wanted: 0, found: 1, partition: log.log });
    const left = await readAll(reader, { from: (topic) => (topic === topics.events ? 1 : 0) });
    expect(left.map(({ offset }) => offset)).toEqual([1, 2]);
  });

  it('reads what was written, whether or not a writer lives', async () => {
    const log = await openLog('proxy');
    await log.write([record('1')], 'disk');
    expect(await data.values()).toEqual(['1']);
    await open.pop()?.close();
    expect(await data.values()).toEqual(['1']);
  });

  it('stays away from the disk while nothing happens', async () => {
    await (await openLog('proxy')).write([record('1')], 'disk');
    const stop = new AbortController();
    const before = process.cpuUsage();
    setTimeout(() => {
      stop.abort();
    }, 300);
    await readAll(reader, { until: 'follow', signal: stop.signal });
    const { user, system } = process.cpuUsage(before);
    expect(user + system).toBeLessThan(200_000);
  });
});
