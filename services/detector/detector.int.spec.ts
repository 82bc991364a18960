import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rules } from '#detection';
import { type Event, parseEvent, topics } from '#events';
import { Journal, openSegmentLog, SegmentReader } from '#event-log';
import { logger } from '#runtime';
import { RecordedSession, statementFacts } from '../../test/recorded-session/index.js';
import { Detector, readPast } from './detector.js';

const signal = new AbortController().signal;
const quiet = logger('test', { write: () => undefined });
const drop = statementFacts('DROP TABLE', { to: 6, writes: ['public.customers'] });

describe('the detector', () => {
  let dataDir: string;
  let reader: SegmentReader;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'detector-'));
    reader = new SegmentReader({ dataDir });
  });
  afterEach(async () => {
    await reader.close();
    rmSync(dataDir, { recursive: true });
  });

  const outbox = (name: string) => openSegmentLog({ dir: join(dataDir, 'outbox', name) });
  /** One life of the detector. A life that is not stopped ends as a crash would: its log is closed under it. */
  const live = async (during: (detector: Detector) => Promise<void>): Promise<void> => {
    const log = await outbox('detector');
    const { previous, raised } = await readPast(reader, log.log);
    const journal = new Journal(log, { service: 'detector', version: '1', now: Date.now, random: randomBytes });
    await journal.start(previous);
    await during(new Detector({ reader, journal, rules, raised, log: quiet }));
    await log.close();
  };
  const runOnce = () => live((detector) => detector.run({ until: 'end', signal }));
  const written = async (): Promise<Event[]> => {
    const found: Event[] = [];
    await reader.consume({
      ...{ name: 'test', topics: [topics.events], from: () => 0, until: 'end', signal },
      each: (batch) => {
        found.push(...batch.map(({ value }) => parseEvent(value)));
        return Promise.resolve();
      },
    });
    return found;
  };
  const alerts = async () => (await written()).flatMap((event) => (event.type === 'alert.raised' ? [event.data] : []));

  it('raises an alert as an event of its own, which names the session and the events that it rests on', async () => {
    const proxy = await outbox('proxy');
    const session = await RecordedSession.open(proxy);
    await session.decided(0, [drop], { verdict: 'deny' }).completed(0, 'refused').closed().commit();
    await runOnce();
    const decided = (await written()).find(({ type }) => type === 'statement.decided');
    expect(await alerts()).toEqual([
      {
        alert: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        rule: 'R01',
        ruleVersion: 1,
        severity: 'high',
        title: 'Destructive DDL attempted',
        principal: { issuer: 'https://id.example', subject: 'billing-bot' },
        session: session.id,
        inputs: [`${decided?.producer ?? ''}/${decided?.pseq ?? ''}`],
        threshold: 'one DROP, TRUNCATE or dropping ALTER by an agent',
        eventTime: decided?.at,
      },
    ]);
    await proxy.close();
  });

  it('raises each alert once, over restarts and crashes in the middle of a session', async () => {
    const proxy = await outbox('proxy');
    const session = await RecordedSession.open(proxy);
    await session.decided(0, [drop], { verdict: 'deny' }).decided(1, [drop]).commit();
    await runOnce();
    await session.completed(0, 'refused').completed(1).commit();
    await runOnce();
    await session.closed().commit();
    await runOnce();
    expect((await alerts()).map(({ severity }) => severity)).toEqual(['high', 'critical']);
    const lives = (await written()).filter((event) => event.type === 'producer.started' && event.data.service === 'detector');
    expect(lives.map(({ data }) => 'previous' in data && data.previous?.pseq)).toEqual([false, 1, 1]);
    await proxy.close();
  });

  it('follows the log', async () => {
    const proxy = await outbox('proxy');
    const stop = new AbortController();
    await live(async (detector) => {
      const running = detector.run({ until: 'follow', signal: stop.signal });
      const session = await RecordedSession.open(proxy);
      await session.decided(0, [drop], { verdict: 'hold' }).commit();
      await reader.consume({
        ...{ name: 'test', topics: [topics.events], from: () => 0, until: 'follow', signal: stop.signal },
        each: (batch) => {
          if (batch.some(({ value }) => parseEvent(value).type === 'alert.raised')) stop.abort();
          return Promise.resolve();
        },
      });
      await running;
    });
    expect(await alerts()).toHaveLength(1);
    await proxy.close();
  });

  it('ends with the error of its log when an alert cannot be written', async () => {
    const proxy = await outbox('proxy');
    await (await RecordedSession.open(proxy)).decided(0, [drop], { verdict: 'deny' }).commit();
    const broken = { log: 'own', boot: 1, write: () => Promise.reject(new Error('broken')), close: () => Promise.resolve() };
    const journal = new Journal(broken, { service: 'detector', version: '1', now: Date.now, random: randomBytes });
    const detector = new Detector({ reader, journal, rules, raised: new Set(), log: quiet });
    await expect(detector.run({ until: 'end', signal })).rejects.toThrow('broken');
    await proxy.close();
  });
});
