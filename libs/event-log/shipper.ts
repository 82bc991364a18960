import { setTimeout as delay } from 'node:timers/promises';
import { type Topic, topics } from '#events';
import { type Files, nodeFiles } from './files.js';
import { groupBy } from './group.js';
import type { KafkaOptions } from './kafka.js';
import { KafkaSender } from './kafka-sender.js';
import { consumeOutbox, openOutbox, pollMs } from './outbox-consumption.js';
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

/** Drains one outbox to Kafka: each record at least once, in order per key, parts before the events that name them. */
export class Shipper {
  private readonly files: Files;

  constructor(private readonly options: ShipperOptions) {
    this.files = options.files ?? nodeFiles;
  }

  /**
   * `end`: resolves when all that is published now is acknowledged; `follow`: when the signal aborts. Either may be run again, not
   * both at once.
   * @throws LogCorrupt, LogGap when the outbox cannot be read on; never for what is wrong with Kafka, which is waited for
   */
  async ship(until: 'follow' | 'end', signal: AbortSignal): Promise<void> {
    const { dir, kafka } = this.options;
    let found = await openOutbox(this.files, dir);
    while (!found && until === 'follow' && !signal.aborted) {
      await delay(pollMs);
      found = await openOutbox(this.files, dir);
    }
    if (!found) return;
    const shipped = await ShippedFile.read(this.files, dir, found.outbox.log);
    const sender = new KafkaSender(kafka);
    let written = performance.now();
    try {
      await consumeOutbox(found, {
        name: 'shipper',
        topics: Object.values(topics),
        from: (topic) => shipped.of(topic),
        until,
        signal,
        each: async (batch) => {
          await shipBatch(sender, batch, shipped, signal);
          if (performance.now() - written < positionMs) return;
          await shipped.write();
          written = performance.now();
        },
      });
    } finally {
      await shipped.write();
      await sender.close();
    }
  }
}

async function shipBatch(
  sender: KafkaSender,
  batch: readonly StoredRecord[],
  shipped: ShippedFile,
  signal: AbortSignal,
): Promise<void> {
  const byTopic = groupBy(batch, ({ topic }) => topic);
  const partsFirst: Topic[] = [...byTopic.keys()].sort((a, b) => Number(b === topics.parts) - Number(a === topics.parts));
  for (const topic of partsFirst) {
    const records = byTopic.get(topic) as StoredRecord[];
    if (!(await sender.send(topic, records, signal))) return;
    shipped.set(topic, (records.at(-1) as StoredRecord).offset + 1);
  }
}
