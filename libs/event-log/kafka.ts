import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { Topic } from '#events';
import { type ISocketFactory, Kafka, type KafkaConfig, type KafkaJSError, logLevel, type RetryOptions } from 'kafkajs';

export interface KafkaOptions {
  /** `host:port`, one or more. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: KafkaConfig['sasl'];
  /** Put before the name of every topic, where installations share a cluster. */
  readonly prefix?: string;
  readonly log?: KafkaLog;
  readonly socketFactory?: ISocketFactory;
}

/** Told of what is gone on from by itself. The logger of a service fits. */
export interface KafkaLog {
  readonly debug: (facts: object, message: string) => void;
  readonly info: (facts: object, message: string) => void;
  readonly warn: (facts: object, message: string) => void;
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

export function connectKafka({ brokers, clientId, ssl, sasl, log, socketFactory }: KafkaOptions, retry: RetryOptions): Kafka {
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
      ({ namespace, log: { message } }) => {
        // It warns of what is ordinary, such as each attempt to reach a broker: what matters of it comes as an exception.
        log?.debug({ namespace, message }, 'Kafka client');
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
