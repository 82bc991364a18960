import { decodePartRecord, type Event, parseEvent, topics } from '#events';
import { createHash, randomBytes } from 'node:crypto';
import { readAll } from './contract.js';
import type { Draft } from './draft.js';
import { Journal, type JournalOptions } from './journal.js';
import { MemoryLog } from './memory-log.js';
import { LogFull, type LogRecord, type Reach } from './port.js';
import { EventTooBig } from './seal.js';

const session = '01890000-0000-7000-8000-000000000001';
const other = '01890000-0000-7000-8000-000000000002';

/** Says what each write was asked for. */
class WatchedLog extends MemoryLog {
  readonly writes: { readonly records: number; readonly reach: Reach }[] = [];

  override async write(records: readonly LogRecord[], reach: Reach = 'disk'): Promise<void> {
    this.writes.push({ records: records.length, reach });
    await super.write(records);
  }
}

const make = (over: Partial<JournalOptions> = {}) => {
  const log = new WatchedLog();
  const journal = new Journal(log, {
    service: 'proxy',
    version: '1',
    now: () => 1000,
    random: randomBytes,
    lingerMs: 5,
    ...over,
  });
  return { log, journal };
};

const closed = (id: string): Draft => ({
  type: 'session.closed',
  session: id,
  data: { client: 0, server: 0, reason: 'client-gone', statements: 0 },
});
const account = (from: number, to: number, id = session): Draft => ({
  type: 'wire.recorded',
  session: id,
  data: {},
  parts: [{ name: 'wire', bytes: [Buffer.alloc(to - from, 1)] }],
  wire: [{ dir: 'c', from, to, msgs: `S${to - from}` }],
});
const held = (n: number): Draft => ({ type: 'cancel.requested', session, data: { by: 'client', n, outcome: 'idle' } });

const added = (journal: Journal, drafts: Draft[], need: Reach): Promise<void> =>
  new Promise((resolve, reject) => {
    journal.add(drafts, need, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });

const eventsOf = (log: MemoryLog): Event[] =>
  log.records.filter(({ topic }) => topic !== topics.parts).map(({ value }) => parseEvent(value));
const numbersOf = (log: MemoryLog) => eventsOf(log).map(({ session, pseq, seq }) => ({ session, pseq, seq }));

describe('a journal', () => {
  it('numbers events per producer and per session, and its own under its own id', async () => {
    const { log, journal } = make();
    const { producer } = journal;
    await journal.start({ producer: other, pseq: 41 });
    await added(journal, [held(1), closed(other), held(2)], 'disk');
    await journal.stop('told to');
    expect(numbersOf(log)).toEqual([
      { session: producer, pseq: 0, seq: 0 },
      { session, pseq: 1, seq: 0 },
      { session: other, pseq: 2, seq: 0 },
      { session, pseq: 3, seq: 1 },
      { session: producer, pseq: 4, seq: 1 },
    ]);
    expect(eventsOf(log)[0]).toMatchObject({
      type: 'producer.started',
      producer,
      at: 1000,
      data: { service: 'proxy', boot: 1, version: '1', previous: { producer: other, pseq: 41 } },
    });
    expect(eventsOf(log).at(-1)).toMatchObject({ type: 'producer.stopped', data: { reason: 'told to' } });
    expect(() => {
      journal.add([], 'linger');
    }).toThrow('stopped');
  });

  it('commits what arrives in one turn together, and what arrives meanwhile in the next', async () => {
    const { log, journal } = make();
    const order: string[] = [];
    journal.add([held(1)], 'disk', () => order.push('a'));
    journal.add([held(2)], 'linger', () => order.push('b'));
    journal.add([held(3)], 'file', () => order.push('c'));
    await new Promise(setImmediate);
    journal.add([held(4)], 'file', () => order.push('d'));
    journal.add([held(5)], 'file', () => order.push('e'));
    await journal.flush();
    expect(log.writes).toEqual([
      { records: 3, reach: 'disk' },
      { records: 2, reach: 'disk' },
    ]);
    expect(order).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('asks for no more reach than someone needs', async () => {
    const { log, journal } = make();
    await added(journal, [held(1)], 'file');
    expect(log.writes).toEqual([{ records: 1, reach: 'file' }]);
  });

  it('writes what lingers by itself when nothing comes along', async () => {
    const { log, journal } = make();
    await new Promise<unknown>((resolve) => {
      journal.add([held(1)], 'linger', resolve);
    });
    expect(log.writes).toEqual([{ records: 1, reach: 'disk' }]);
  });

  it('writes the parts of an event before it, in chunks, under one salted commitment', async () => {
    const { log, journal } = make();
    const bytes = [randomBytes(600_000), randomBytes(10)];
    const secret = Buffer.from('secret');
    await added(
      journal,
      [
        {
          ...held(1),
          parts: [
            { name: 'rows', bytes },
            { name: 'sql', bytes: [secret], withheld: 'secret' },
            { name: 'wire', bytes: [] },
          ],
        },
      ],
      'disk',
    );
    expect(log.records.map(({ topic, key }) => [topic, key])).toEqual([
      ...Array.from({ length: 4 }, () => [topics.parts, session]),
      [topics.events, session],
    ]);
    const records = log.records.slice(0, 4).map(({ value }) => decodePartRecord(value));
    const id = { producer: journal.producer, pseq: 0 };
    expect(records.map(({ header }) => header)).toEqual([
      { i: 0, n: 2, name: 'rows', ...id },
      { i: 1, n: 2, name: 'rows', ...id },
      { i: 0, n: 0, name: 'sql', ...id },
      { i: 0, n: 1, name: 'wire', ...id },
    ]);
    expect(Buffer.concat(records.slice(0, 2).map((r) => r.bytes)).equals(Buffer.concat(bytes))).toBe(true);
    const commit = (salt: Buffer, ...content: Buffer[]) =>
      createHash('sha256')
        .update(Buffer.concat([Buffer.from('sallyport/part/v1\0'), salt, ...content]))
        .digest('base64');
    const salt = (i: number) => (records[i] as (typeof records)[number]).salt;
    expect(eventsOf(log)[0]?.parts).toEqual([
      { alg: 'sha256-salted', commit: commit(salt(0), ...bytes), len: 600_010, name: 'rows' },
      { alg: 'sha256-salted', commit: commit(salt(2), secret), len: 6, name: 'sql', withheld: 'secret' },
      { alg: 'sha256-salted', commit: commit(salt(3)), len: 0, name: 'wire' },
    ]);
  });

  it('never goes back in time', async () => {
    const times = [1000, 3000, 2000, 4000];
    const { log, journal } = make({ now: () => times.shift() ?? 0 });
    await added(journal, [held(1)], 'disk');
    await added(journal, [held(2)], 'disk');
    await added(journal, [held(3)], 'disk');
    expect(eventsOf(log).map(({ at }) => at)).toEqual([3000, 3000, 4000]);
  });

  it('finds its own numbers in an event that quotes them', async () => {
    const { log, journal } = make();
    await added(
      journal,
      [{ type: 'proxy.statement', session, data: { purpose: 'state', sql: '","pseq":0,"seq":0,"session":"' } }],
      'disk',
    );
    await added(journal, [held(2)], 'disk');
    expect(numbersOf(log).map(({ pseq }) => pseq)).toEqual([0, 1]);
    expect(eventsOf(log)[0]?.data).toEqual({ purpose: 'state', sql: '","pseq":0,"seq":0,"session":"' });
  });

  it('refuses an event that is too big, or has no canonical form, to its author alone', async () => {
    const { log, journal } = make();
    const statement = (sql: string): Draft => ({ type: 'proxy.statement', session, data: { purpose: 'state', sql } });
    expect(() => {
      journal.add([statement('x'.repeat(256 * 1024))], 'disk');
    }).toThrow(EventTooBig);
    expect(() => {
      journal.add([held(1), statement('\ud800')], 'disk');
    }).toThrow('lone surrogate');
    await added(journal, [held(2)], 'disk');
    expect(eventsOf(log).map(({ data }) => data)).toEqual([held(2).data]);
  });

  it('forgets a closed session once all of it is written, and resumes one of an earlier life', async () => {
    const { log, journal } = make();
    journal.resume(session, 7);
    journal.add([held(1)], 'linger');
    journal.forget(session);
    await added(journal, [closed(session)], 'disk');
    await added(journal, [held(9)], 'disk');
    expect(numbersOf(log).map(({ seq }) => seq)).toEqual([7, 8, 0]);
  });

  it('lets a writer wait while too much is queued', async () => {
    const { journal } = make({ maxQueuedBytes: 1000 });
    journal.add([account(0, 5000)], 'disk');
    expect(journal.queuedBytes).toBeGreaterThan(5000);
    await journal.drained();
    expect(journal.queuedBytes).toBe(0);
  });

  it('cuts a long queue into commits of bounded size', async () => {
    const { log, journal } = make();
    for (let i = 0; i < 10; i++) journal.add([account(i, i + 1_000_000)], 'linger');
    await journal.flush();
    expect(log.writes.length).toBeGreaterThan(2);
  });
});

describe('a journal whose log fails', () => {
  it('gives up what was awaited, keeps what lingers without its parts, and leaves no hole', async () => {
    const { log, journal } = make();
    await journal.start();
    log.failure = new LogFull('no space');
    const order: unknown[] = [];
    journal.add([account(0, 10)], 'linger', () => order.push('lingered'));
    journal.add([held(1)], 'disk', (error) => order.push(error));
    await expect(journal.flush()).rejects.toBe(log.failure);
    expect(order).toEqual([log.failure]);

    log.failure = undefined;
    await added(journal, [held(2)], 'disk');
    expect(order).toEqual([expect.any(LogFull), 'lingered']);
    expect(numbersOf(log)).toEqual([
      { session: journal.producer, pseq: 0, seq: 0 },
      { session, pseq: 1, seq: 0 },
      { session, pseq: 2, seq: 1 },
    ]);
    expect(eventsOf(log)[1]).toMatchObject({ wire: [{ dir: 'c', from: 0, lost: 'log', msgs: 'S10', to: 10 }] });
    expect(eventsOf(log)[1]?.parts).toBeUndefined();
    expect(journal.lost).toEqual({ parts: 1, joined: 0, facts: 0 });
    expect((await readAll(log.reader())).length).toBe(3);
  });

  it('makes one account of adjacent lost bytes of each stream', async () => {
    const { log, journal } = make();
    log.failure = new LogFull('no space');
    const both = (from: number): Draft => ({
      type: 'wire.recorded',
      session,
      data: { n: 1 },
      wire: [
        { dir: 'c', from, to: from + 5, msgs: 'S5' },
        { dir: 's', from, to: from + 5, msgs: 'Z5' },
      ],
    });
    journal.add([both(0)], 'linger');
    journal.add([held(1)], 'linger');
    journal.add([both(5)], 'linger');
    journal.add([both(10)], 'linger');
    journal.add([both(20), both(25)], 'linger');
    await expect(journal.flush()).rejects.toThrow();
    log.failure = undefined;
    await journal.flush();
    const lost = { lost: 'log', msgs: '' };
    expect(eventsOf(log).map(({ type, wire }) => wire ?? type)).toEqual([
      [{ dir: 'c', from: 0, to: 15, ...lost }],
      [{ dir: 's', from: 0, to: 15, ...lost }],
      'cancel.requested',
      [{ dir: 'c', from: 20, to: 30, ...lost }],
      [{ dir: 's', from: 20, to: 30, ...lost }],
    ]);
  });

  it('stays within its bound, whatever lingers, and counts what it gave up', async () => {
    const { log, journal } = make({ maxQueuedBytes: 20_000 });
    log.failure = new LogFull('no space');
    await expect(added(journal, [held(0)], 'disk')).rejects.toThrow();
    let most = 0;
    for (let i = 0; i < 500; i++) {
      journal.add([account(i * 2, i * 2 + 1)], 'linger');
      journal.add([{ ...held(i), wire: [{ dir: 'c', from: i * 2 + 1, to: i * 2 + 2, msgs: 'S1' }] }], 'linger');
      most = Math.max(most, journal.queuedBytes);
    }
    journal.add([closed(session)], 'linger');
    expect(most).toBeLessThan(30_000);
    log.failure = undefined;
    await journal.flush();
    const events = eventsOf(log);
    const ranges = events.flatMap(({ wire }) => wire ?? []);
    expect(ranges.map(({ from }) => from)).toEqual([0, ...ranges.slice(0, -1).map(({ to }) => to)]);
    expect(ranges.at(-1)?.to).toBe(1000);
    expect(events.at(-1)?.type).toBe('session.closed');
    expect(journal.lost.facts).toBeGreaterThan(400);
    expect(journal.lost.facts + events.filter(({ type }) => type === 'cancel.requested').length).toBe(500);
  });

  it('does not try again after it was stopped', async () => {
    const { log, journal } = make();
    log.failure = new LogFull('no space');
    journal.add([account(0, 10)], 'linger');
    await expect(journal.stop('told to')).rejects.toBe(log.failure);
    expect(log.writes.length).toBe(1);
  });
});
