import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { topics } from '#events';
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import { describeLog, type LogUnderTest, readAll } from './contract.js';
import { createTopics, type KafkaOptions, partitionOf } from './kafka.js';
import { KafkaReader } from './kafka-reader.js';
import { DataDirectory, record } from './outbox-fixture.js';
import type { StoredRecord } from './port.js';
import { openSegmentLog } from './segment-log.js';
import { Shipper } from './shipper.js';

const start = fileURLToPath(new URL('../../../deploy/kafka/start.mjs', import.meta.url));
const runs = (command: string) => spawnSync(command, ['-version'], { stdio: 'ignore' }).status === 0;
const missing = ['java', 'mvn'].filter((command) => !runs(command));
if (missing.length > 0 && process.env.CI === 'true')
  throw new Error(`no ${missing.join(', no ')}: the Kafka adapter is untested`);
if (missing.length > 0) console.warn(`The Kafka adapter is NOT tested here: there is no ${missing.join(', no ')}.`);
const withBroker = missing.length > 0 ? describe.skip : describe;

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

withBroker('Kafka', () => {
  let home: string;
  let port: number;
  let starter: ChildProcess;
  let pid: number;
  const never = new AbortController().signal;

  const startBroker = async (): Promise<void> => {
    starter = spawn(process.execPath, [start, home, String(port)], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: starter.stdout as NodeJS.ReadableStream });
    const [line] = (await Promise.race([once(lines, 'line'), once(starter, 'exit')])) as [string];
    ({ pid } = JSON.parse(line) as { pid: number });
  };
  const killBroker = async (): Promise<void> => {
    const gone = once(starter, 'exit');
    process.kill(pid, 'SIGKILL');
    await gone;
  };
  const options = (over: Partial<KafkaOptions> = {}): KafkaOptions => ({
    brokers: [`127.0.0.1:${port}`],
    clientId: 'test',
    prefix: `${randomUUID()}.`,
    ...over,
  });

  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'sallyport-kafka-'));
    port = await freePort();
    await startBroker();
  }, 180_000);
  afterAll(async () => {
    const gone = once(starter, 'exit');
    starter.kill('SIGTERM');
    await gone;
    await rm(home, { recursive: true });
  }, 30_000);

  /** A log that is written to an outbox and read from Kafka. */
  const make = async (partitions: number, over: Partial<KafkaOptions> = {}) => {
    const kafka = options(over);
    await createTopics(kafka, { partitions, replicas: 1 });
    const data = await DataDirectory.make();
    const writer = await openSegmentLog({ dir: data.outbox, segmentBytes: 1024 * 1024 });
    const shipper = new Shipper({ dir: data.outbox, kafka });
    const reader = new KafkaReader(kafka);
    const end = async () => {
      await reader.close();
      await writer.close();
      await data.remove();
    };
    return { kafka, data, writer, shipper, reader, arrived: () => shipper.ship('end', never), end };
  };
  const made: { end: () => Promise<void> }[] = [];
  const kept = async (...args: Parameters<typeof make>) => {
    const log = await make(...args);
    made.push(log);
    return log;
  };
  afterEach(async () => {
    for (const log of made.splice(0)) await log.end();
  });

  describeLog('an outbox shipped to Kafka', async (): Promise<LogUnderTest> => make(1));

  const keyed = (key: string, value: string) => ({ ...record(value), key });
  const valuesOf = (records: readonly StoredRecord[], key: string) =>
    records.filter((r) => r.key === key).map((r) => r.value.toString());

  it('keeps the order of each key over several partitions', async () => {
    const { writer, reader, arrived } = await kept(3);
    const keys = Array.from({ length: 9 }, (_, i) => `key ${i}`);
    for (let i = 0; i < 20; i++)
      await writer.write(
        keys.map((key) => keyed(key, String(i))),
        'file',
      );
    await arrived();
    const read = await readAll(reader);
    expect(new Set(read.map(({ partition }) => partition)).size).toBe(3);
    for (const key of keys) {
      expect(valuesOf(read, key)).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
      expect(new Set(read.filter((r) => r.key === key).map((r) => r.partition))).toEqual(new Set([String(partitionOf(key, 3))]));
    }
  }, 30_000);

  it('goes on where it stopped', async () => {
    const { writer, reader, arrived } = await kept(1);
    await writer.write([record('1')], 'disk');
    await arrived();
    await arrived();
    await writer.write([record('2')], 'disk');
    await arrived();
    expect((await readAll(reader)).map(({ value }) => value.toString())).toEqual(['1', '2']);
  }, 30_000);

  it('loses nothing and keeps the order when answers are cut off after the broker has the records', async () => {
    let answers = 0;
    let cuts = 0;
    const cutting: KafkaOptions['socketFactory'] = ({ host, port, onConnect }) => {
      const socket = net.connect({ host, port }, onConnect);
      // Before kafkajs sees the answer: by an error, for it does not listen to `close`.
      socket.prependListener('data', () => {
        if (++answers % 9 !== 0) return;
        cuts++;
        socket.destroy(Object.assign(new Error('cut'), { code: 'ECONNRESET' }));
        socket.removeAllListeners('data');
      });
      return socket;
    };
    const { kafka, writer, data, end } = await make(1);
    const stop = new AbortController();
    const shipping = new Shipper({ dir: data.outbox, kafka: { ...kafka, socketFactory: cutting } }).ship('follow', stop.signal);
    const count = 300;
    for (let i = 0; i < count; i++) {
      await writer.write([record(String(i))], 'file');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const seen: string[] = [];
    const done = new AbortController();
    await readAll(new KafkaReader(kafka), {
      until: 'follow',
      signal: done.signal,
      each: (batch) => {
        for (const { value } of batch) if (!seen.includes(value.toString())) seen.push(value.toString());
        if (seen.length === count) done.abort();
        return Promise.resolve();
      },
    });
    stop.abort();
    await shipping;
    expect(seen).toEqual(Array.from({ length: count }, (_, i) => String(i)));
    expect(cuts).toBeGreaterThan(10);
    await end();
  }, 90_000);

  it('waits for a broker that is down, and goes on', async () => {
    const { writer, reader, shipper } = await kept(1);
    await writer.write([record('1')], 'disk');
    await killBroker();
    const shipping = shipper.ship('end', never);
    await startBroker();
    await shipping;
    expect((await readAll(reader)).map(({ value }) => value.toString())).toEqual(['1']);
  }, 90_000);

  it('sends what was rejected again, by a new producer', async () => {
    let raise: () => void = () => undefined;
    const rejected = new Promise<void>((resolve) => (raise = resolve));
    const report = (message: string) => {
      if (message.startsWith('sending to')) raise();
    };
    const { kafka, writer, reader, shipper } = await kept(1, { report });
    const admin = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const limit = (value: string) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: ConfigResourceTypes.TOPIC,
            name: `${kafka.prefix ?? ''}${topics.events}`,
            configEntries: [{ name: 'max.message.bytes', value }],
          },
        ],
      });
    await limit('200');
    await writer.write([record('1'), record('2'.repeat(500))], 'disk');
    const shipping = shipper.ship('end', never);
    await rejected;
    await limit('100000');
    await admin.disconnect();
    await shipping;
    expect((await readAll(reader)).map(({ value }) => value.length)).toEqual([1, 500]);
  }, 30_000);

  it('says that records are gone when Kafka has deleted them', async () => {
    const { kafka, writer, reader, arrived } = await kept(1);
    for (let i = 0; i < 3; i++) await writer.write([record(String(i))], 'disk');
    await arrived();
    const admin = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const topic = `${kafka.prefix ?? ''}${topics.events}`;
    await admin.fetchTopicOffsets(topic); // makes the topic known to this client, which deleteTopicRecords forgets to do
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
    await admin.disconnect();
    await expect(readAll(reader)).rejects.toMatchObject({ name: 'LogGap', wanted: 0, found: 2, partition: '0' });
  }, 30_000);

  it('ends a consumption with an error when Kafka is gone for good', async () => {
    const { writer, reader, arrived } = await kept(1);
    await writer.write([record('1')], 'disk');
    await arrived();
    const following = readAll(reader, { until: 'follow', each: killBroker });
    await expect(following).rejects.toThrow();
    await startBroker();
  }, 90_000);
});
