import { setTimeout as delay } from 'node:timers/promises';
import { type Topic, topics } from '#events';
import { type Files, nodeFiles } from './files.js';
import { groupBy } from './group.js';
import type { KafkaLog, KafkaOptions } from './kafka.js';
import { KafkaSender } from './kafka-sender.js';
import { consumeOutbox, type OpenOutbox, openOutbox, pollMs } from './outbox-consumption.js';
import type { StoredRecord } from './port.js';
import { ShippedFile } from './shipped.js';

export interface ShipperOptions {
  /** The outbox's directory, `<dataDir>/outbox/<service>`. */
  readonly dir: string;
  readonly kafka: KafkaOptions;
  readonly files?: Files;
}

/** How long a position may wait to be written down. What was acknowledged since is sent again after a crash. */
const positionMs = 250;
/** How long Kafka may take for a batch before that is told, and how often it is told again. */
const firstWordMs = 5_000;
const nextWordMs = 60_000;

/** Drains one outbox to Kafka: each record at least once, in order per key, parts before the events that name them. */
export class Shipper {
  private readonly files: Files;
  private acknowledgedRecords = 0;

  constructor(private readonly options: ShipperOptions) {
    this.files = options.files ?? nodeFiles;
  }

  /** How many records Kafka has acknowledged to this shipper. */
  get acknowledged(): number {
    return this.acknowledgedRecords;
  }

  /**
   * `end`: resolves when all that is published now is acknowledged; `follow`: when the signal aborts. Either may be run again, not
   * both at once.
   * @param ending once it aborts, `follow` ends as `end` does
   * @throws LogCorrupt, LogGap when the outbox cannot be read on; never for what is wrong with Kafka, which is waited for
   */
  async ship(until: 'follow' | 'end', signal: AbortSignal, ending?: AbortSignal): Promise<void> {
    const found = await this.open(until, AbortSignal.any(ending ? [signal, ending] : [signal]));
    if (!found) return;
    const { kafka, dir } = this.options;
    const sender = new KafkaSender(kafka);
    const cluster = await sender.cluster(signal);
    if (cluster === undefined) {
      await found.outbox.close();
      return;
    }
    const shipped = await ShippedFile.read(this.files, dir, found.outbox.log, cluster);
    let written = performance.now();
    const consumption = {
      name: 'shipper',
      topics: Object.values(topics),
      from: (topic: Topic) => shipped.of(topic),
      until,
      signal,
      each: async (batch: readonly StoredRecord[]) => {
        await this.shipBatch(sender, batch, shipped, signal);
        if (performance.now() - written < positionMs) return;
        await shipped.write();
        written = performance.now();
      },
    };
    try {
      await consumeOutbox(found, consumption, ending);
    } finally {
      await shipped.write();
      await sender.close();
    }
  }

  /** Waits for the outbox, which its writer may still have to make. */
  private async open(until: 'follow' | 'end', signal: AbortSignal): Promise<OpenOutbox | undefined> {
    for (;;) {
      const found = await openOutbox(this.files, this.options.dir);
      if (found || until === 'end' || signal.aborted) return found;
      await delay(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async shipBatch(
    sender: KafkaSender,
    batch: readonly StoredRecord[],
    shipped: ShippedFile,
    signal: AbortSignal,
  ): Promise<void> {
    const byTopic = groupBy(batch, ({ topic }) => topic);
    const partsFirst = [...byTopic.keys()].sort((a, b) => Number(b === topics.parts) - Number(a === topics.parts));
    const waiting = new Waiting(this.options.kafka.log, batch.length);
    try {
      for (const topic of partsFirst) {
        const records = byTopic.get(topic) as StoredRecord[];
        if (!(await sender.send(topic, records, signal))) return;
        shipped.set(topic, (records.at(-1) as StoredRecord).offset + 1);
        this.acknowledgedRecords += records.length;
      }
      waiting.succeeded();
    } finally {
      waiting.end();
    }
  }
}

/** Says that Kafka takes nothing when that lasts, and that it does again. */
class Waiting {
  private readonly began = performance.now();
  private isTold = false;
  private timer = setTimeout(() => {
    this.tell();
  }, firstWordMs);

  constructor(
    private readonly log: KafkaLog | undefined,
    private readonly records: number,
  ) {}

  succeeded(): void {
    if (this.isTold) this.log?.info(this.facts(), 'Kafka takes records again');
  }

  end(): void {
    clearTimeout(this.timer);
  }

  private tell(): void {
    this.isTold = true;
    this.log?.warn(this.facts(), 'Kafka does not take records: the outbox keeps them, and all that come');
    this.timer = setTimeout(() => {
      this.tell();
    }, nextWordMs);
  }

  private facts(): object {
    return { records: this.records, waitedMs: Math.round(performance.now() - this.began) };
  }
}
