import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { topics } from '#events';
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import { Broker } from '../../test/kafka/broker.js';
import { describePart, java, maven } from '../../test/parts.js';
import { describeLog, type LogUnderTest, readAll } from './contract.js';
import { type KafkaLog, type KafkaOptions, partitionOf } from './kafka.js';
import { KafkaReader } from './kafka-reader.js';
import { createTopics } from './kafka-topics.js';
import { DataDirectory, record } from './outbox-fixture.js';
import type { StoredRecord } from './port.js';
import { openSegmentLog } from './segment-log.js';
import { Shipper } from './shipper.js';
import { startShipping } from './shipping.js';

describePart([java, maven], 'Kafka', () => {
  const broker = new Broker();
  const never = new AbortController().signal;
  const options = (over: Partial<KafkaOptions> = {}): KafkaOptions => ({
    brokers: [broker.address],
    clientId: 'test',
    prefix: `${randomUUID()}.`,
    ...over,
  });

  beforeAll(() => broker.start(), 180_000);
  afterAll(() => broker.remove(), 30_000);

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

  it.each([
    ['fewer partitions for parts than for events', topics.parts, 2, /has 3 partitions and .* 2: an event and its parts/],
    ['several for control', topics.control, 3, /control.* has 3 partitions: votes need one order/],
  ])('is not kept in topics with %s', async (_, topic, numPartitions, why) => {
    const kafka = options();
    const admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic: `${kafka.prefix ?? ''}${topic}`, numPartitions }] });
    await admin.disconnect();
    await expect(createTopics(kafka, { partitions: 3, replicas: 1 })).rejects.toThrow(why);
  });

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
    await broker.kill();
    const shipping = shipper.ship('end', never);
    await broker.start();
    await shipping;
    expect((await readAll(reader)).map(({ value }) => value.toString())).toEqual(['1']);
  }, 90_000);

  it('sends what was rejected again, by a new producer', async () => {
    let raise: () => void = () => undefined;
    const rejected = new Promise<void>((resolve) => (raise = resolve));
    const log: KafkaLog = {
      debug: () => undefined,
      info: () => undefined,
      warn: (_, message) => {
        if (message.startsWith('a batch is sent again')) raise();
      },
    };
    const { kafka, writer, reader, shipper } = await kept(1, { log });
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

  it('goes on where it was when Kafka was away for longer than its client is patient', async () => {
    let isBroken: () => void = () => undefined;
    const broken = new Promise<void>((resolve) => (isBroken = resolve));
    const log: KafkaLog = {
      debug: () => undefined,
      info: () => undefined,
      warn: (_, message) => {
        if (message.startsWith('reading from Kafka broke off')) isBroken();
      },
    };
    const { writer, reader, arrived } = await kept(1, { log });
    await writer.write([record('1')], 'disk');
    await arrived();
    const seen: string[] = [];
    const done = new AbortController();
    const following = readAll(reader, {
      until: 'follow',
      signal: done.signal,
      each: async (batch) => {
        seen.push(...batch.map(({ value }) => value.toString()));
        if (seen.length === 1) await broker.kill();
        else done.abort();
      },
    });
    await broken;
    await broker.start();
    await writer.write([record('2')], 'disk');
    await arrived();
    await following;
    expect(seen).toEqual(['1', '2']);
  }, 120_000);

  it('ships everything again to a cluster that was made anew', async () => {
    const { writer, data, arrived } = await kept(1);
    await writer.write([record('1')], 'disk');
    await arrived();
    const other = await new Broker().start();
    try {
      const kafka = options({ brokers: [other.address] });
      await createTopics(kafka, { partitions: 1, replicas: 1 });
      await new Shipper({ dir: data.outbox, kafka }).ship('end', never);
      expect((await readAll(new KafkaReader(kafka))).map(({ value }) => value.toString())).toEqual(['1']);
    } finally {
      await other.remove();
    }
  }, 120_000);

  it('gives each record the time that it tells of', async () => {
    const { kafka, writer, arrived } = await kept(1);
    await writer.write([record('{"at":1790000000000,"v":1}'), record('no event')], 'disk');
    await writer.write([{ ...record('{"class_uid":6005,"time":1790000000001}'), topic: topics.ocsfDatastoreActivity }], 'disk');
    const before = Date.now();
    await arrived();
    const consumer = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).consumer({ groupId: randomUUID() });
    await consumer.connect();
    const names = [topics.events, topics.ocsfDatastoreActivity].map((topic) => `${kafka.prefix ?? ''}${topic}`);
    await consumer.subscribe({ topics: names, fromBeginning: true });
    const times = await new Promise<number[]>((resolve) => {
      const seen: number[] = [];
      const eachMessage = ({ message }: { message: { timestamp: string } }): Promise<void> => {
        if (seen.push(Number(message.timestamp)) === 3) resolve(seen.sort((a, b) => a - b));
        return Promise.resolve();
      };
      void consumer.run({ eachMessage });
    });
    await consumer.disconnect();
    expect(times.slice(0, 2)).toEqual([1_790_000_000_000, 1_790_000_000_001]);
    expect(times[2]).toBeGreaterThanOrEqual(before);
  }, 30_000);

  describe('the shipping of a service', () => {
    const quiet: KafkaLog = { debug: () => undefined, info: () => undefined, warn: () => undefined };
    const settings = () => ({ kafka: { brokers: [broker.address] } });
    const start = (data: DataDirectory) =>
      startShipping({ ...settings(), dataDir: data.path }, { service: 'proxy', log: quiet }, (error) => {
        throw error;
      });
    const shippedKeys = async () => (await readAll(new KafkaReader(options({ prefix: '' })))).map(({ key }) => key);

    it('ships what is there when it is told to stop, and gives up in time when no broker answers', async () => {
      await createTopics(options({ prefix: '' }), { partitions: 1, replicas: 1 });
      const data = await DataDirectory.make();
      const writer = await openSegmentLog({ dir: data.outbox, segmentBytes: 1024 * 1024 });
      const first = start(data);
      await writer.write([keyed('before the stop', '1')], 'disk');
      await first.stop(10_000);
      expect(await shippedKeys()).toEqual(['before the stop']);

      await broker.kill();
      const second = start(data);
      await writer.write([keyed('in the dark', '2')], 'disk');
      const stop = new AbortController();
      const reading = readAll(new KafkaReader(options({ prefix: '' })), { until: 'follow', signal: stop.signal });
      const began = performance.now();
      stop.abort();
      await Promise.all([second.stop(100), reading]);
      expect(performance.now() - began).toBeLessThan(5_000);
      await broker.start();
      await start(data).stop(10_000);
      expect(await shippedKeys()).toEqual(['before the stop', 'in the dark']);
      await writer.close();
      await data.remove();
    }, 60_000);
  });
});
