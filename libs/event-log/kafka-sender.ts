import { setTimeout as delay } from 'node:timers/promises';
import type { Topic } from '#events';
import kafkajs, { type Producer } from 'kafkajs';
import { groupBy, inBatches } from './group.js';
import { briefly, connectKafka, type KafkaOptions, partitionOf, topicName } from './kafka.js';
import type { LogRecord } from './port.js';

// Its error classes are not among the names that Node finds in a CommonJS module.
const { KafkaJSNonRetriableError } = kafkajs;

/** A send that has no answer after this long is given to a new producer. */
const patienceMs = 60_000;
const pauseMs = 500;
const unlimited = { initialRetryTime: 100, maxRetryTime: 5000, retries: Number.MAX_SAFE_INTEGER };
const bound = { records: 500, bytes: 1024 * 1024 };

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

  async close(): Promise<void> {
    await this.sending?.producer.disconnect();
    this.sending = undefined;
  }

  private async sendBatch(topic: Topic, partition: number, records: readonly LogRecord[], signal: AbortSignal): Promise<boolean> {
    const messages = records.map(({ key, value }) => ({ key, value, partition }));
    while (!signal.aborted) {
      const { producer, abandon } = (this.sending ??= this.begin());
      const attempt = (async () => {
        await producer.connect();
        await producer.send({ topic: topicName(this.options, topic), acks: -1, messages });
      })();
      const outcome = await settled(attempt, signal);
      if (outcome === 'done') return true;
      this.options.report?.(`sending to ${topic}: ${outcome}`);
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
      producer.disconnect().catch((error: unknown) => this.options.report?.(String(error)));
    };
    return { producer, abandon };
  }

  private async partitionCount(topic: Topic, signal: AbortSignal): Promise<number | undefined> {
    while (!this.partitions.has(topic) && !signal.aborted) {
      const admin = connectKafka(this.options, briefly).admin();
      try {
        await admin.connect();
        const { topics } = await admin.fetchTopicMetadata({ topics: [topicName(this.options, topic)] });
        if (topics[0]) this.partitions.set(topic, topics[0].partitions.length);
      } catch (error) {
        this.options.report?.(`asking for the partitions of ${topic}: ${String(error)}`);
        await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      } finally {
        await admin.disconnect();
      }
    }
    return this.partitions.get(topic);
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
