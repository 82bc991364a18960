import { type Topic, topics } from '#events';
import type { Consumption, LogReader, LogRecord, LogWriter, StoredRecord } from './port.js';

/** A fresh log of some adapter, with all that its test needs. */
export interface LogUnderTest {
  readonly writer: LogWriter;
  readonly reader: LogReader;
  /** Resolves when what was written can be read: at once, unless something lies between. */
  readonly arrived?: () => Promise<void>;
  readonly end: () => Promise<void>;
}

const { events, parts, control } = topics;
const record = (value: string, key = 'a', topic: Topic = events): LogRecord => ({ topic, key, value: Buffer.from(value) });

/** Reads what is there, from offset 0 unless told. */
export async function readAll(reader: LogReader, over: Partial<Consumption> = {}): Promise<StoredRecord[]> {
  const read: StoredRecord[] = [];
  await reader.consume({
    name: 'all',
    topics: [events, parts, control],
    from: () => 0,
    each: (batch) => {
      read.push(...batch);
      return Promise.resolve();
    },
    until: 'end',
    signal: new AbortController().signal,
    ...over,
  });
  return read;
}

const values = (records: readonly StoredRecord[], key?: string): string[] =>
  records.filter((r) => key === undefined || r.key === key).map((r) => r.value.toString());

/** What every log keeps, whatever carries it. */
export function describeLog(name: string, make: () => Promise<LogUnderTest>): void {
  describe(`the log contract: ${name}`, () => {
    let log: LogUnderTest;
    beforeEach(async () => {
      log = await make();
    });
    afterEach(async () => {
      await log.end();
    });
    const write = async (...records: LogRecord[]) => {
      await log.writer.write(records, 'disk');
      await log.arrived?.();
    };

    it('gives back each record once, in order per key, with contiguous offsets per topic and partition', async () => {
      await write(record('1', 'a'), record('2', 'b'), record('p', 'a', parts));
      await log.writer.write([record('3', 'a')], 'file');
      await write(record('4', 'b'), record('c', 'b', control));
      const read = await readAll(log.reader);
      const ofEvents = read.filter(({ topic }) => topic === events);
      expect({ a: values(ofEvents, 'a'), b: values(ofEvents, 'b') }).toEqual({ a: ['1', '3'], b: ['2', '4'] });
      expect(values(read.filter(({ topic }) => topic !== events)).sort()).toEqual(['c', 'p']);
      const next = new Map<string, number>();
      for (const { topic, partition, offset } of read) {
        expect(offset).toBe(next.get(`${topic} ${partition}`) ?? 0);
        next.set(`${topic} ${partition}`, offset + 1);
      }
    });

    it('gives back bytes, empty values and long values as they were', async () => {
      const sent = [Buffer.alloc(0), Buffer.from([0, 255, 10, 0]), Buffer.alloc(700_000, 7)];
      await write(...sent.map((value) => ({ topic: parts, key: 'k', value })));
      expect((await readAll(log.reader)).map(({ value }) => value.equals(sent.shift() as Buffer))).toEqual([true, true, true]);
    });

    it('starts at the offsets asked for and reads only the topics asked for', async () => {
      await write(record('0'), record('1'), record('2'), record('c', 'a', control));
      const [{ partition }] = (await readAll(log.reader)) as [StoredRecord];
      const read = await readAll(log.reader, { topics: [events], from: (_, p) => Promise.resolve(p === partition ? 2 : 0) });
      expect(read.map(({ offset, value }) => [offset, value.toString()])).toEqual([[2, '2']]);
    });

    it('stops at the end that it had when it was asked', async () => {
      await write(record('1'));
      const read = await readAll(log.reader, {
        each: async () => {
          await write(record('later'));
        },
      });
      expect(read).toEqual([]);
      expect(values(await readAll(log.reader))).toEqual(['1', 'later']);
    });

    it('ends at once on an empty log', async () => {
      expect(await readAll(log.reader)).toEqual([]);
    });

    it('follows what is written later until it is told to stop', async () => {
      await write(record('1'));
      const stop = new AbortController();
      const read: string[] = [];
      await readAll(log.reader, {
        until: 'follow',
        signal: stop.signal,
        each: async (batch) => {
          read.push(...values(batch));
          if (read.length === 1) await write(record('2'), record('3'));
          if (read.length === 3) stop.abort();
        },
      });
      expect(read).toEqual(['1', '2', '3']);
    });

    it('ends a consumption with the error of its consumer', async () => {
      await write(record('1'));
      const refused = new Error('refused');
      await expect(readAll(log.reader, { each: () => Promise.reject(refused) })).rejects.toBe(refused);
    });

    it('says so when the offset asked for is beyond the end', async () => {
      await write(record('1'));
      await expect(readAll(log.reader, { topics: [events], from: () => 5 })).rejects.toMatchObject({
        name: 'LogGap',
        wanted: 5,
        found: 1,
      });
    });

    it('ends its consumptions when it is closed', async () => {
      await write(record('1'));
      await readAll(log.reader, { until: 'follow', each: () => log.reader.close() });
    });
  });
}
