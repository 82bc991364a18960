import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Topic } from '#events';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import { inBatches } from './group.js';
import { briefly, connectKafka, type KafkaOptions, topicName, whenReady } from './kafka.js';
import { type Consumption, LogGap, type StoredRecord } from './port.js';

const bound = { records: 1000, bytes: 1024 * 1024 };
const heartbeatMs = 1000;
/** A client that cannot say goodbye is left to itself: its group misses it soon. */
export const goodbyeMs = 700;

interface Place {
  readonly topic: Topic;
  readonly partition: number;
  /** The next offset that is wanted. */
  next: number;
  /** Where the partition ended at the start. */
  readonly end: number;
}

/** Where a consumption is, by topic's name and partition. */
export type Places = Map<string, Place>;

/** One membership of a consumption in its group. */
export class Run {
  private readonly names: ReadonlyMap<string, Topic>;
  private consumer: Consumer | undefined;
  private hasJoined = false;
  private working: Promise<void> = Promise.resolve();
  private finish: (error?: Error) => void = () => undefined;
  /** An error that is not Kafka's: the consumer's own, or a gap. */
  private own: unknown;

  /** @param places where an earlier run was; kept up to date */
  constructor(
    private readonly options: KafkaOptions,
    private readonly consumption: Consumption,
    private readonly places: Places,
  ) {
    this.names = new Map(consumption.topics.map((topic) => [topicName(options, topic), topic]));
  }

  /** @returns what broke it off, where that was Kafka. @throws LogGap, or the consumer's own error */
  async read(): Promise<Error | undefined> {
    try {
      await this.start();
      if (!this.isComplete && !this.consumption.signal.aborted) await this.consume();
      return undefined;
    } catch (error) {
      if (error === this.own || !(error instanceof Error)) throw error;
      return error;
    }
  }

  /** Whether the group would miss it, as far as is known. */
  get isMember(): boolean {
    return this.hasJoined;
  }

  /** Resolves when no batch is with the consumer. */
  idle(): Promise<void> {
    return this.working;
  }

  /** Finds out where every partition begins and ends. @throws LogGap */
  private async start(): Promise<void> {
    const admin = connectKafka(this.options, briefly).admin();
    await admin.connect();
    try {
      for (const [name, topic] of this.names)
        for (const { partition, low, high } of await whenReady(() => admin.fetchTopicOffsets(name))) {
          const key = `${name} ${partition}`;
          const next = this.places.get(key)?.next ?? (await this.ours(() => this.consumption.from(topic, String(partition))));
          const found = Math.min(Math.max(next, Number(low)), Number(high));
          if (found !== next) throw (this.own = new LogGap(topic, String(partition), next, found));
          this.places.set(key, { topic, partition, next, end: Number(high) });
        }
    } finally {
      await admin.disconnect();
    }
  }

  private get isComplete(): boolean {
    return this.consumption.until === 'end' && [...this.places.values()].every(({ next, end }) => next >= end);
  }

  private async consume(): Promise<void> {
    const { name, until, signal } = this.consumption;
    // Whoever reads to an end reads all of it: no other member may take a share.
    const groupId = until === 'end' ? `sallyport.${name}.${randomUUID()}` : `sallyport.${name}`;
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
    finished.catch(() => undefined); // it may reject before it is waited for
    const stop = () => {
      this.finish();
    };
    signal.addEventListener('abort', stop, { once: true });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      this.hasJoined = false;
      this.finish(payload.error);
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      this.hasJoined = true;
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
      const parted = consumer.disconnect().catch((error: unknown) => this.options.log?.debug({ err: error }, 'leaving a group'));
      await Promise.race([parted, delay(goodbyeMs)]);
      await this.working;
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
    const beat = setInterval(() => {
      payload.heartbeat().catch(() => undefined); // a lost membership shows at the next turn of the client itself
    }, heartbeatMs);
    // An own error must not reach the client: it would read the batch again, and again.
    this.working = this.ours(() => this.deliver(payload)).then(
      () => {
        if (this.isComplete) this.finish();
      },
      (error: unknown) => {
        this.finish(error as Error);
      },
    );
    await this.working;
    clearInterval(beat);
  }

  /** Marks what the work rejects with as not Kafka's. */
  private async ours<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.own = error;
      throw error;
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
