import { randomUUID } from 'node:crypto';
import type { Topic } from '#events';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import { inBatches } from './group.js';
import { briefly, connectKafka, type KafkaOptions, topicName, whenReady } from './kafka.js';
import { type Consumption, LogGap, LogReader, type StoredRecord } from './port.js';

const bound = { records: 1000, bytes: 1024 * 1024 };
const heartbeatMs = 1000;

/** Reads the event log from Kafka. A partition is a Kafka partition, by its number. */
export class KafkaReader extends LogReader {
  private readonly closed = new AbortController();

  constructor(private readonly options: KafkaOptions) {
    super();
  }

  /** The cluster's own id: one that was made anew has another, and its offsets mean other records. */
  async cluster(): Promise<string> {
    const admin = connectKafka(this.options, briefly).admin();
    await admin.connect();
    try {
      return (await admin.describeCluster()).clusterId;
    } finally {
      await admin.disconnect();
    }
  }

  async consume(consumption: Consumption): Promise<void> {
    const signal = AbortSignal.any([consumption.signal, this.closed.signal]);
    const run = new Run(this.options, { ...consumption, signal });
    await run.start();
    if (!run.isComplete && !signal.aborted) await run.consume();
  }

  close(): Promise<void> {
    this.closed.abort();
    return Promise.resolve();
  }
}

interface Place {
  readonly topic: Topic;
  readonly partition: number;
  /** The next offset that is wanted. */
  next: number;
  /** Where the partition ended at the start. */
  readonly end: number;
}

/** One consumption. */
class Run {
  private readonly places = new Map<string, Place>();
  private readonly names: ReadonlyMap<string, Topic>;
  private consumer: Consumer | undefined;
  private finish: (error?: Error) => void = () => undefined;

  constructor(
    private readonly options: KafkaOptions,
    private readonly consumption: Consumption,
  ) {
    this.names = new Map(consumption.topics.map((topic) => [topicName(options, topic), topic]));
  }

  /** Finds out where every partition begins and ends. @throws LogGap */
  async start(): Promise<void> {
    const admin = connectKafka(this.options, briefly).admin();
    await admin.connect();
    try {
      for (const [name, topic] of this.names)
        for (const { partition, low, high } of await whenReady(() => admin.fetchTopicOffsets(name))) {
          const next = await this.consumption.from(topic, String(partition));
          const found = Math.min(Math.max(next, Number(low)), Number(high));
          if (found !== next) throw new LogGap(topic, String(partition), next, found);
          this.places.set(`${name} ${partition}`, { topic, partition, next, end: Number(high) });
        }
    } finally {
      await admin.disconnect();
    }
  }

  get isComplete(): boolean {
    return this.consumption.until === 'end' && [...this.places.values()].every(({ next, end }) => next >= end);
  }

  async consume(): Promise<void> {
    const { name, until, signal } = this.consumption;
    // Whoever reads to an end reads all of it: no other member may take a share.
    const groupId = until === 'end' ? `${name}.${randomUUID()}` : name;
    const consumer = connectKafka(this.options, briefly).consumer({
      groupId,
      sessionTimeout: 10_000,
      heartbeatInterval: heartbeatMs,
      maxWaitTimeInMs: 250,
      retry: { ...briefly, restartOnFailure: () => Promise.resolve(false) },
    });
    this.consumer = consumer;
    const finished = new Promise<void>((resolve, reject) => {
      this.finish = (error) => {
        if (error) reject(error);
        else resolve();
      };
    });
    const stop = () => {
      this.finish();
    };
    signal.addEventListener('abort', stop, { once: true });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      this.finish(payload.error);
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.forgetOthers(payload.memberAssignment);
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...this.names.keys()], fromBeginning: true });
      await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: (payload) => this.batch(payload) });
      for (const [key, { partition, next }] of this.places)
        consumer.seek({ topic: key.slice(0, key.indexOf(' ')), partition, offset: String(next) });
      if (signal.aborted) stop();
      await finished;
    } finally {
      signal.removeEventListener('abort', stop);
      await consumer.disconnect();
    }
  }

  /** A partition that another member reads meanwhile is begun anew, should it come back: where, its consumer says. */
  private forgetOthers(assigned: Record<string, number[]>): void {
    for (const key of this.places.keys()) {
      const [name = '', partition] = key.split(' ');
      if (!assigned[name]?.includes(Number(partition))) this.places.delete(key);
    }
  }

  private async batch(payload: EachBatchPayload): Promise<void> {
    // An own error must not reach the client: it would read the batch again, and again.
    const beat = setInterval(() => {
      payload.heartbeat().catch(() => undefined); // a lost membership shows at the next turn of the client itself
    }, heartbeatMs);
    try {
      await this.deliver(payload);
      if (this.isComplete) this.finish();
    } catch (error) {
      this.finish(error as Error);
    } finally {
      clearInterval(beat);
    }
  }

  private async deliver(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const place = await this.place(batch.topic, batch.partition);
    const { topic, partition } = place;
    const messages = batch.messages.filter(({ offset }) => Number(offset) >= place.next);
    if (payload.isStale()) return;
    // After it joined its group anew the client begins where it likes: at the beginning.
    if (messages.length === 0) this.consumer?.seek({ topic: batch.topic, partition, offset: String(place.next) });
    for (const slice of inBatches(messages, bound)) {
      if (this.consumption.signal.aborted || payload.isStale() || !payload.isRunning()) return;
      const records = slice.map((message): StoredRecord => {
        const offset = Number(message.offset);
        if (offset !== place.next) throw new LogGap(topic, String(partition), place.next, offset);
        place.next++;
        return {
          topic,
          key: String(message.key ?? ''),
          value: message.value ?? Buffer.alloc(0),
          partition: String(partition),
          offset,
        };
      });
      const wanted = this.consumption.until === 'end' ? records.filter(({ offset }) => offset < place.end) : records;
      if (wanted.length > 0) await this.consumption.each(wanted);
      payload.resolveOffset(String(place.next - 1));
    }
  }

  private async place(name: string, partition: number): Promise<Place> {
    const key = `${name} ${partition}`;
    const topic = this.names.get(name) as Topic;
    const known = this.places.get(key);
    if (known) return known;
    const place = { topic, partition, next: await this.consumption.from(topic, String(partition)), end: 0 };
    this.places.set(key, place);
    return place;
  }
}
