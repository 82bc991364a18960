import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topics } from '#events';
import { type LogRecord, LogWriter, MemoryLog, openSegmentLog, SegmentReader } from '#event-log';
import { logger } from '#runtime';
import type { DatastoreActivity } from '#siem';
import { SqlParser } from '#sql';
import { parseFrame, queryFrame, RecordedSession, statementFacts } from '../../test/recorded-session/index.js';
import { Exporter } from './exporter.js';
import { OutboxSink } from './outbox-sink.js';

const signal = new AbortController().signal;
const quiet = logger('test', { write: () => undefined });

/** A log that breaks after so many writes, as a crash would. */
class BreakingLog extends LogWriter {
  constructor(
    private readonly inner: LogWriter,
    private left: number,
  ) {
    super();
  }
  get log() {
    return this.inner.log;
  }
  get boot() {
    return this.inner.boot;
  }
  write(records: readonly LogRecord[], reach: 'disk' | 'file'): Promise<void> {
    return this.left-- > 0 ? this.inner.write(records, reach) : Promise.reject(new Error('killed'));
  }
  close(): Promise<void> {
    return this.inner.close();
  }
}

describe('the exporter', () => {
  let dataDir: string;
  let parser: SqlParser;
  let reader: SegmentReader;
  beforeAll(async () => {
    parser = await SqlParser.start({ threads: 1 });
  });
  afterAll(() => parser.close());
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'exporter-'));
    reader = new SegmentReader({ dataDir });
  });
  afterEach(async () => {
    await reader.close();
    rmSync(dataDir, { recursive: true });
  });

  const outbox = (name: string) => openSegmentLog({ dir: join(dataDir, 'outbox', name) });
  const exporter = (sink: OutboxSink, over: Partial<ConstructorParameters<typeof Exporter>[0]> = {}) =>
    new Exporter({ reader, sink, redact: (sql) => parser.redact(sql), version: '0.1.0', log: quiet, ...over });
  /** One life of the exporter, to the end of the log. */
  const runOnce = async (writes = Infinity): Promise<void> => {
    const log = await outbox('exporter');
    try {
      await exporter(new OutboxSink(new BreakingLog(log, writes), reader)).run({ until: 'end', signal });
    } finally {
      await log.close();
    }
  };
  const records = async (): Promise<DatastoreActivity[]> => {
    const found: DatastoreActivity[] = [];
    await reader.consume({
      ...{ name: 'siem', topics: [topics.ocsfDatastoreActivity], from: () => 0, until: 'end', signal },
      each: (batch) => {
        for (const { key, value } of batch) {
          const record = JSON.parse(value.toString()) as DatastoreActivity;
          expect(key).toBe(record.actor.session.uid);
          found.push(record);
        }
        return Promise.resolve();
      },
    });
    return found;
  };
  const texts = async () =>
    (await records()).map(({ query_info, unmapped }) => query_info?.query_string ?? unmapped.sallyport.no_text);
  const select = (sql: string) => [statementFacts('SELECT', { to: Buffer.byteLength(sql) })];

  it('writes one record for each statement, with its text redacted', async () => {
    const proxy = await outbox('proxy');
    const session = await RecordedSession.open(proxy);
    const two = `SELECT 'é', 1; DELETE FROM t WHERE id = 77`;
    await session
      .decided(0, select(`SELECT 'a'`), {}, queryFrame(`SELECT 'a'`))
      .completed(0)
      .add('statement.prepared', { n: 1, name: 'p', parameterTypes: [], statements: [] }, parseFrame('p', 'SELECT $1 + 5'))
      .decided(2, select('SELECT $1 + 5'), { form: 'bind', prepared: 1 })
      .completed(2)
      .decided(3, [statementFacts('SELECT', { to: 14 }), statementFacts('DELETE', { from: 16, to: 43 })], {}, queryFrame(two))
      .completed(3)
      .completed(4, 'error')
      .decided(5, [], { verdict: 'deny', rule: 'sallyport:syntax' }, queryFrame(`SELEKT 'a'`))
      .completed(5, 'refused')
      .closed()
      .commit();
    await runOnce();
    expect((await records()).map(({ query_info, status }) => [query_info?.query_string, status])).toEqual([
      ['SELECT ?', 'Success'],
      ['SELECT $1 + ?', 'Success'],
      ['SELECT ?, ?', 'Success'],
      ['DELETE FROM t WHERE id = ?', 'Failure'],
      ['[unparsable]', 'Failure'],
    ]);
    await proxy.close();
  });

  it('loses and repeats nothing over crashes, wherever they come', async () => {
    const proxy = await outbox('proxy');
    const session = await RecordedSession.open(proxy);
    const sql = (n: number) => `SELECT c${n}`;
    for (let n = 0; n < 6; n++) {
      await session.decided(n, select(sql(n)), {}, queryFrame(sql(n))).commit();
      // The session goes on while the exporter dies before, or after, its write.
      await runOnce(n % 2).catch((error: unknown) => {
        expect(error).toEqual(new Error('killed'));
      });
      await session.completed(n).commit();
    }
    await session.closed().commit();
    await runOnce();
    await runOnce();
    expect(await texts()).toEqual([0, 1, 2, 3, 4, 5].map(sql));
    const uids = (await records()).map(({ metadata }) => metadata.uid);
    expect(new Set(uids).size).toBe(uids.length);
    await proxy.close();
  });

  it('follows the log, and several outboxes side by side', async () => {
    const proxies = [await outbox('proxy-1'), await outbox('proxy-2')];
    const log = await outbox('exporter');
    const stop = new AbortController();
    const running = exporter(new OutboxSink(log, reader)).run({ until: 'follow', signal: stop.signal });
    for (const proxy of proxies) {
      const session = await RecordedSession.open(proxy);
      await session.decided(0, select('SELECT 1'), {}, queryFrame('SELECT 1')).completed(0).closed().commit();
    }
    await reader.consume({
      ...{ name: 'siem', topics: [topics.ocsfDatastoreActivity], from: () => 0, until: 'follow', signal: stop.signal },
      each: (batch) => {
        if (batch.some(({ offset }) => offset === 1)) stop.abort();
        return Promise.resolve();
      },
    });
    await running;
    expect(await texts()).toEqual(['SELECT ?', 'SELECT ?']);
    for (const one of [...proxies, log]) await one.close();
  });

  describe('when parts and events come apart', () => {
    /** The records of a session as another log would bring them: parts first, last, or never. */
    const replayed = async (
      order: (records: readonly LogRecord[]) => LogRecord[],
      textWaitMs?: number,
      partsEnd?: (partition: string, arriving: MemoryLog) => Promise<number>,
    ) => {
      const written = new MemoryLog();
      const session = await RecordedSession.open(written);
      await session
        .decided(0, select('SELECT 1'), {}, queryFrame('SELECT 1'))
        .completed(0)
        .decided(1, select('SELECT a'), {}, queryFrame('SELECT a'))
        .completed(1)
        .closed()
        .commit();
      const arriving = new MemoryLog();
      const target = new MemoryLog();
      const stop = new AbortController();
      const sink = new OutboxSink(target, target.reader());
      const running = exporter(sink, {
        reader: arriving.reader(),
        ...(textWaitMs !== undefined && { textWaitMs }),
        ...(partsEnd && { partsEnd: (partition: string) => partsEnd(partition, arriving) }),
      }).run({ until: 'follow', signal: stop.signal });
      for (const record of order(written.records)) await arriving.write([record]);
      await target.reader().consume({
        ...{ name: 'siem', topics: [topics.ocsfDatastoreActivity], from: () => 0, until: 'follow', signal: stop.signal },
        each: (batch) => {
          if (batch.some(({ offset }) => offset === 1)) stop.abort();
          return Promise.resolve();
        },
      });
      await running;
      return target.records.map(({ value }) => {
        const { query_info, unmapped } = JSON.parse(value.toString()) as DatastoreActivity;
        return query_info?.query_string ?? unmapped.sallyport.no_text;
      });
    };
    const isPart = ({ topic }: LogRecord) => topic === topics.parts;

    it('holds an event until its text has come', async () => {
      const order = (all: readonly LogRecord[]) => [...all.filter((one) => !isPart(one)), ...all.filter(isPart)];
      expect(await replayed(order)).toEqual(['SELECT ?', 'SELECT a']);
    });

    it('goes on without a text once a later one of the session has come', async () => {
      const order = (all: readonly LogRecord[]) => {
        const [, ...parts] = all.filter(isPart);
        return [...all.filter((one) => !isPart(one)), ...parts];
      };
      expect(await replayed(order)).toEqual(['missing', 'SELECT a']);
    });

    it('goes on without a text that has not come in time', async () => {
      const order = (all: readonly LogRecord[]) => all.filter((one) => one !== all.findLast(isPart));
      expect(await replayed(order, 20)).toEqual(['SELECT ?', 'missing']);
    });

    it('gives a text up only once the parts were read to the end that they had', async () => {
      const all: LogRecord[] = [];
      const order = (written: readonly LogRecord[]) => {
        all.push(...written);
        return written.filter((one) => one !== written.findLast(isPart));
      };
      let asked = 0;
      const partsEnd = async (_: string, arriving: MemoryLog): Promise<number> => {
        // Time is up, but there is one part more to be read. It comes.
        if (++asked === 1) await arriving.write(all.filter((one) => one === all.findLast(isPart)));
        return all.filter(isPart).length;
      };
      expect(await replayed(order, 20, partsEnd)).toEqual(['SELECT ?', 'SELECT a']);
      expect(asked).toBe(1);
      asked = 1;
      all.length = 0;
      const allButOne = () => Promise.resolve(all.filter(isPart).length - 1);
      expect(await replayed(order, 20, allButOne)).toEqual(['SELECT ?', 'missing']);
    });

    it('writes nothing twice, and waits for nothing, when the log brings records again', async () => {
      const order = (all: readonly LogRecord[]) => {
        const events = all.filter((one) => !isPart(one));
        const decided = events.findIndex(({ value }) => value.includes('statement.decided'));
        return [...all.filter(isPart), ...events.slice(0, decided + 1), ...events.slice(decided), ...events];
      };
      expect(await replayed(order, 60_000, () => Promise.resolve(Infinity))).toEqual(['SELECT ?', 'SELECT a']);
    });

    it('takes no text that is not what the event committed to', async () => {
      const order = (all: readonly LogRecord[]) =>
        all.map((one) =>
          isPart(one)
            ? { ...one, value: Buffer.from(one.value.toString('latin1').replace('SELECT 1', 'SELECT 2'), 'latin1') }
            : one,
        );
      expect(await replayed(order)).toEqual(['unreadable', 'SELECT a']);
    });
  });
});
