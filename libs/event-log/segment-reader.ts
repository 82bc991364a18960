import path from 'node:path';
import { type Files, codeOf, nodeFiles } from './files.js';
import type { Head } from './head.js';
import { Outbox, type Wanted } from './outbox.js';
import { type Consumption, LogReader, type StoredRecord } from './port.js';
import { Waiter } from './waiter.js';

export interface SegmentReaderOptions {
  /** Whose `outbox/*` are read, those too that appear later. */
  readonly dataDir: string;
  readonly files?: Files;
}

/** How late a change may be seen where the system does not tell of it. */
const pollMs = 50;
const mostRecords = 1000;
const mostBytes = 1024 * 1024;

/** Reads the outboxes of every process of a data directory, side by side. A partition is an outbox, named by its log's uuid. */
export class SegmentReader extends LogReader {
  private readonly dir: string;
  private readonly files: Files;
  private readonly closed = new AbortController();

  constructor({ dataDir, files = nodeFiles }: SegmentReaderOptions) {
    super();
    this.dir = path.join(dataDir, 'outbox');
    this.files = files;
  }

  async consume(consumption: Consumption): Promise<void> {
    const failed = new AbortController();
    const signal = AbortSignal.any([consumption.signal, this.closed.signal, failed.signal]);
    const running: Promise<void>[] = [];
    const known = new Set<string>();
    const begin = async () => {
      for (const found of await this.discover(known))
        running.push(
          this.read({ ...consumption, signal }, found).catch((error: unknown) => {
            failed.abort(error);
          }),
        );
    };
    try {
      await begin();
      if (consumption.until === 'follow') {
        const waiter = new Waiter(signal);
        const stop = this.files.watch(this.dir, waiter.wake);
        try {
          while (!signal.aborted) {
            await waiter.wait(pollMs);
            await begin();
          }
        } finally {
          stop();
        }
      }
    } finally {
      await Promise.all(running);
    }
    failed.signal.throwIfAborted();
  }

  close(): Promise<void> {
    this.closed.abort();
    return Promise.resolve();
  }

  /** The outboxes that are not yet known, each with its head of this moment. */
  private async discover(known: Set<string>): Promise<{ outbox: Outbox; head: Head }[]> {
    let names: string[];
    try {
      names = await this.files.list(this.dir);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
    const found: { outbox: Outbox; head: Head }[] = [];
    for (const name of names.sort()) {
      if (known.has(name)) continue;
      const outbox = await Outbox.open(this.files, path.join(this.dir, name));
      const head = await outbox?.head();
      if (outbox && head) {
        known.add(name);
        found.push({ outbox, head });
      } else await outbox?.close();
    }
    return found;
  }

  private async read(consumption: Consumption, { outbox, head }: { outbox: Outbox; head: Head }): Promise<void> {
    const { topics, from, until, signal } = consumption;
    const waiter = new Waiter(signal);
    const stop = until === 'follow' ? outbox.watch(waiter.wake) : () => undefined;
    try {
      const wanted: Wanted = new Map(
        await Promise.all(topics.map(async (topic) => [topic, await from(topic, outbox.log)] as const)),
      );
      const reader = await outbox.reader(wanted, head);
      try {
        await deliver(reader.upTo(head), consumption);
        if (!signal.aborted) reader.checkReached();
        for (let last = head; until === 'follow' && !signal.aborted;) {
          const now = (await outbox.head()) ?? last;
          if (now.segment === last.segment && now.published === last.published) await waiter.wait(pollMs);
          else await deliver(reader.upTo(now), consumption);
          last = now;
        }
      } finally {
        await reader.close();
      }
    } finally {
      stop();
      await outbox.close();
    }
  }
}

/** Hands the records over in batches of bounded size, one at a time. */
async function deliver(writes: AsyncIterable<readonly StoredRecord[]>, { each, signal }: Consumption): Promise<void> {
  let batch: StoredRecord[] = [];
  let bytes = 0;
  const hand = async () => {
    const full = batch;
    batch = [];
    bytes = 0;
    if (full.length > 0 && !signal.aborted) await each(full);
  };
  for await (const records of writes) {
    for (const record of records) {
      if (batch.length === mostRecords || (batch.length > 0 && bytes + record.value.length > mostBytes)) await hand();
      batch.push(record);
      bytes += record.value.length;
    }
    if (signal.aborted) return;
  }
  await hand();
}
