import { setTimeout as delay } from 'node:timers/promises';
import type { Topic } from '#events';
import { briefly, connectKafka, type KafkaOptions, topicName, whenReady } from './kafka.js';
import { goodbyeMs, type Places, Run } from './kafka-run.js';
import { type Consumption, LogReader } from './port.js';

const pauseMs = 1000;

/**
 * Reads the event log from Kafka. A partition is a Kafka partition, by its number. What `follow`s outlasts a cluster that is away: it
 * goes on where it was.
 */
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

  /** The first offset that a partition does not have yet. */
  async end(topic: Topic, partition: string): Promise<number> {
    const admin = connectKafka(this.options, briefly).admin();
    await admin.connect();
    try {
      const ends = await whenReady(() => admin.fetchTopicOffsets(topicName(this.options, topic)));
      return Number(ends.find((one) => String(one.partition) === partition)?.high ?? 0);
    } finally {
      await admin.disconnect();
    }
  }

  async consume(consumption: Consumption): Promise<void> {
    const signal = AbortSignal.any([consumption.signal, this.closed.signal]);
    const places: Places = new Map();
    let run: Run | undefined;
    const goodbye = afterGoodbye(signal, () => run?.isMember ?? false);
    for (;;) {
      run = new Run(this.options, { ...consumption, signal }, places);
      const broken = await Promise.race([run.read(), goodbye]);
      if (signal.aborted) await run.idle();
      if (broken === undefined || signal.aborted) return;
      if (consumption.until === 'end') throw broken;
      this.options.log?.warn(
        { consumer: consumption.name, err: broken },
        'reading from Kafka broke off: it begins again where it was',
      );
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  close(): Promise<void> {
    this.closed.abort();
    return Promise.resolve();
  }
}

/**
 * A client that is asked to end while no broker answers goes on asking for longer than its service may take to stop. It is given time
 * only where there is a group to say goodbye to.
 */
function afterGoodbye(signal: AbortSignal, isMember: () => boolean): Promise<undefined> {
  return new Promise((resolve) => {
    const wait = (): void => {
      setTimeout(resolve, isMember() ? 2 * goodbyeMs : 0, undefined);
    };
    if (signal.aborted) wait();
    else signal.addEventListener('abort', wait, { once: true });
  });
}
