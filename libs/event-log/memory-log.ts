import type { Topic } from '#events';
import { type Consumption, LogGap, LogReader, type LogRecord, LogWriter, type StoredRecord } from './port.js';
import { Waiter } from './waiter.js';

/** A log in memory, for tests: one partition, written and read by the same process. */
export class MemoryLog extends LogWriter {
  /** All that was written, in order. */
  readonly records: StoredRecord[] = [];
  /** While set, every write fails with it. */
  failure: Error | undefined;
  private readonly offsets = new Map<Topic, number>();
  private readonly waiters = new Set<Waiter>();

  constructor(
    readonly log = '00000000-0000-7000-8000-000000000001',
    readonly boot = 1,
  ) {
    super();
  }

  async write(records: readonly LogRecord[]): Promise<void> {
    // A turn of its own, as any real log takes: nothing is durable before the caller goes on.
    await new Promise(setImmediate);
    if (this.failure) throw this.failure;
    for (const { topic, key, value } of records) {
      const offset = this.offsets.get(topic) ?? 0;
      this.offsets.set(topic, offset + 1);
      this.records.push({ topic, key, value: Buffer.from(value), partition: this.log, offset });
    }
    for (const waiter of this.waiters) waiter.wake();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  reader(): LogReader {
    return new MemoryReader(this);
  }

  /** Waits for the next write. */
  async changed(signal: AbortSignal, length: number): Promise<void> {
    const waiter = new Waiter(signal);
    this.waiters.add(waiter);
    try {
      while (this.records.length === length && !signal.aborted) await waiter.wait(1000);
    } finally {
      this.waiters.delete(waiter);
    }
  }

  /** The offset after a topic's last record. */
  end(topic: Topic): number {
    return this.offsets.get(topic) ?? 0;
  }
}

class MemoryReader extends LogReader {
  private readonly closed = new AbortController();

  constructor(private readonly memory: MemoryLog) {
    super();
  }

  async consume({ topics, from, each, until, signal: asked }: Consumption): Promise<void> {
    const { memory } = this;
    const signal = AbortSignal.any([asked, this.closed.signal]);
    let end = memory.records.length;
    const wanted = new Map<Topic, number>();
    for (const topic of topics) {
      const first = await from(topic, memory.log);
      if (first > memory.end(topic)) throw new LogGap(topic, memory.log, first, memory.end(topic));
      wanted.set(topic, first);
    }
    for (let at = 0; !signal.aborted;) {
      const batch = memory.records.slice(at, Math.min(end, at + 1000));
      at += batch.length;
      const records = batch.filter(({ topic, offset }) => offset >= (wanted.get(topic) ?? Infinity));
      if (records.length > 0) await each(records);
      if (at < end) continue;
      if (until === 'end') return;
      await memory.changed(signal, at);
      end = memory.records.length;
    }
  }

  close(): Promise<void> {
    this.closed.abort();
    return Promise.resolve();
  }
}
