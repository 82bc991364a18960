import { setTimeout as delay } from 'node:timers/promises';
import { type Topic, topics } from '#events';
import kafkajs, { type Admin, type Producer } from 'kafkajs';
import { groupBy, inBatches } from './group.js';
import { briefly, connectKafka, type KafkaOptions, partitionOf, topicName } from './kafka.js';
import type { LogRecord } from './port.js';

// Its error classes are not among the names that Node finds in a CommonJS module.
const { KafkaJSNonRetriableError } = kafkajs;

/** A send that has no answer after this long is given to a new producer. */
const patienceMs = 60_000;
const pauseMs = 500;
const unlimited = { initialRetryTime: 100, maxRetryTime: 5000, retries: Number.MAX_SAFE_INTEGER };
/** With keys and framing it stays below 1 MiB, the default for the longest batch that a broker takes. */
const bound = { records: 500, bytes: 960 * 1024 };

interface Sending {
  readonly producer: Producer;
  /** Ends it for good: its client, which goes on trying by itself, sends nothing any more. */
  readonly abandon: () => void;
}

/**
 * Sends records so that kafkajs 2.2.4 neither loses nor reorders an acknowledged one: idempotent, acknowledged by all replicas, one
 * send outstanding, one partition a send, retried without limit; and after any rejection or 60 s the same records by a new producer,
 * for a rejected one would give their sequence numbers to others. What was appended before an answer was lost may then be there
 * twice: readers tell an event by its id.
 */
export class KafkaSender {
  private readonly partitions = new Map<Topic, number>();
  private sending: Sending | undefined;

  constructor(private readonly options: KafkaOptions) {}

  /** Records of one topic. Resolves when all are acknowledged, in order per key; false when the signal ended it before. */
  async send(topic: Topic, records: readonly LogRecord[], signal: AbortSignal): Promise<boolean> {
    const count = await this.partitionCount(topic, signal);
    if (count === undefined) return false;
    for (const [partition, ofPartition] of groupBy(records, ({ key }) => partitionOf(key, count)))
      for (const batch of inBatches(ofPartition, bound))
        if (!(await this.sendBatch(topic, partition, batch, signal))) return false;
    return true;
  }

  /** The cluster's own id; nothing when the signal ended the waiting for it. */
  cluster(signal: AbortSignal): Promise<string | undefined> {
    return this.ask('the cluster', signal, async (admin) => (await admin.describeCluster()).clusterId);
  }

  async close(): Promise<void> {
    const { sending } = this;
    this.sending = undefined;
    await sending?.producer.disconnect();
  }

  private async sendBatch(topic: Topic, partition: number, records: readonly LogRecord[], signal: AbortSignal): Promise<boolean> {
    const messages = records.map((record) => {
      const at = recordedAt(record);
      return { key: record.key, value: record.value, partition, ...(at !== undefined && { timestamp: String(at) }) };
    });
    while (!signal.aborted) {
      const { producer, abandon } = (this.sending ??= this.begin());
      const attempt = (async () => {
        await producer.connect();
        await producer.send({ topic: topicName(this.options, topic), acks: -1, messages });
      })();
      const outcome = await settled(attempt, signal);
      if (outcome === 'done') return true;
      this.options.log?.warn({ topic, partition, why: outcome }, 'a batch is sent again, by a new producer');
      this.sending = undefined;
      abandon();
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
    return false;
  }

  private begin(): Sending {
    let isAbandoned = false;
    // A client of its own: the retries of the client's own requests must be without limit too.
    const producer = connectKafka(this.options, unlimited).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: unlimited,
      // Called for every attempt: the one place where a client that goes on by itself can be stopped before it sends.
      createPartitioner:
        () =>
        ({ message }) => {
          if (isAbandoned) throw new KafkaJSNonRetriableError('this producer was replaced');
          return message.partition as number;
        },
    });
    const abandon = () => {
      isAbandoned = true;
      producer.disconnect().catch((error: unknown) => this.options.log?.debug({ err: error }, 'a replaced producer'));
    };
    return { producer, abandon };
  }

  private async partitionCount(topic: Topic, signal: AbortSignal): Promise<number | undefined> {
    const known = this.partitions.get(topic);
    if (known !== undefined) return known;
    const name = topicName(this.options, topic);
    const count = await this.ask(name, signal, async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
      return topics[0]?.partitions.length;
    });
    if (count !== undefined) this.partitions.set(topic, count);
    return count;
  }

  /** Asks until there is an answer. Nothing when the signal ended it before. */
  private async ask<T>(what: string, signal: AbortSignal, ask: (admin: Admin) => Promise<T>): Promise<T | undefined> {
    const answered = new AbortController();
    const aborted = new Promise<undefined>((resolve) => {
      const listener = () => {
        resolve(undefined);
      };
      signal.addEventListener('abort', listener, { once: true, signal: answered.signal });
    });
    try {
      while (!signal.aborted) {
        try {
          return await Promise.race([this.askOnce(ask), aborted]);
        } catch (error) {
          this.options.log?.warn({ what, err: error }, 'Kafka does not answer what is asked of it');
          await delay(pauseMs, undefined, { signal }).catch(() => undefined);
        }
      }
    } finally {
      answered.abort();
    }
    return undefined;
  }

  private async askOnce<T>(ask: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = connectKafka(this.options, briefly).admin();
    try {
      await admin.connect();
      return await ask(admin);
    } finally {
      await admin.disconnect();
    }
  }
}

/** `done`, or why there is no answer: never a rejection. */
async function settled(attempt: Promise<void>, signal: AbortSignal): Promise<string> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const patience = delay(patienceMs, 'no answer in time', { signal: either }).catch(() => 'stopped');
  const outcome = await Promise.race([
    attempt.then(
      () => 'done',
      (error: unknown) => String(error),
    ),
    patience,
  ]);
  stop.abort();
  return outcome;
}

/**
 * When what a record tells of was written down, unix milliseconds: so a broker's clock, and how late it was shipped, change nothing of
 * a record. Never later than now: a broker refuses what lies ahead of its clock. Parts tell of no time.
 */
function recordedAt({ topic, value }: LogRecord): number | undefined {
  const at = topic === topics.ocsfDatastoreActivity ? ocsfTime(value) : canonicalAt(value);
  return at === undefined ? undefined : Math.min(at, Date.now());
}

/** `at` is the first key of a canonical event. */
function canonicalAt(value: Buffer): number | undefined {
  const [, at] = /^\{"at":(\d+),/.exec(value.toString('latin1', 0, 32)) ?? [];
  return at === undefined ? undefined : Number(at);
}

const ocsfTime = (value: Buffer): number => (JSON.parse(value.toString('utf8')) as { time: number }).time;
