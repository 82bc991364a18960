import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { type Topic, topics } from '#events';
import { type ISocketFactory, Kafka, type KafkaConfig, type KafkaJSError, logLevel, type RetryOptions } from 'kafkajs';

export interface KafkaOptions {
  /** `host:port`, one or more. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: KafkaConfig['sasl'];
  /** Put before the name of every topic, where installations share a cluster. */
  readonly prefix?: string;
  /** Told of what the client warns of: it goes on by itself. */
  readonly report?: (message: string) => void;
  readonly socketFactory?: ISocketFactory;
}

/** The client's own timer runs for ever on negative delays, 3 % of a core when idle (kafkajs 2.2.4, its issue 1751). */
interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  scheduleCheckPendingRequests: (this: RequestQueue) => void;
}
const { prototype: queue } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
const schedule = Reflect.get<RequestQueue, 'scheduleCheckPendingRequests'>(queue, 'scheduleCheckPendingRequests');
queue.scheduleCheckPendingRequests = function () {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
};

export function connectKafka({ brokers, clientId, ssl, sasl, report, socketFactory }: KafkaOptions, retry: RetryOptions): Kafka {
  return new Kafka({
    brokers: [...brokers],
    clientId,
    retry,
    connectionTimeout: 3000,
    requestTimeout: 30_000,
    enforceRequestTimeout: true,
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ level, log: { message } }) => {
        // An answer with an error code is an ordinary event of its protocol: what matters of it comes as an exception.
        if (level <= logLevel.WARN && !message.startsWith('Response ')) report?.(message);
      },
    ...(ssl !== undefined && { ssl }),
    ...(sasl !== undefined && { sasl }),
    ...(socketFactory && { socketFactory }),
  });
}

/** For a client that is asked something, and may fail. */
export const briefly: RetryOptions = { initialRetryTime: 100, maxRetryTime: 3000, retries: 8 };

const pauseMs = 250;
const attempts = 40;

/** Asks again, for 10 s, while the answer is that the cluster is not ready yet: after a restart it has no leaders for a while. */
export async function whenReady<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === attempts || (error as Partial<KafkaJSError>).retriable !== true) throw error;
      await delay(pauseMs);
    }
  }
}

export const topicName = ({ prefix = '' }: KafkaOptions, topic: Topic): string => prefix + topic;

/**
 * The partition of a key, the same for ever and in every process while a topic keeps its partitions: CRC-32 of its UTF-8 modulo
 * their number. Adding partitions moves keys, so a key's order holds from then on only within each.
 */
export const partitionOf = (key: string, partitions: number): number => crc32(key) % partitions;

/** Creates those of our topics that do not exist. */
export async function createTopics(options: KafkaOptions, shape: { partitions: number; replicas: number }): Promise<void> {
  const admin = connectKafka(options, briefly).admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = Object.values(topics).filter((topic) => !existing.has(topicName(options, topic)));
    if (missing.length === 0) return;
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map((topic) => ({
        topic: topicName(options, topic),
        numPartitions: shape.partitions,
        replicationFactor: shape.replicas,
        configEntries: [
          { name: 'cleanup.policy', value: 'delete' },
          { name: 'message.timestamp.type', value: 'CreateTime' },
        ],
      })),
    });
  } finally {
    await admin.disconnect();
  }
}
