import type { LogReader, StoredRecord } from '#event-log';
import { decodePartRecord, eventId, parseEvent, type PartName, topics } from '#events';
import type { Recorded } from '#replay';

/** What is on record since some moment, read back from the event log as it is written. */
export class Chronicle {
  private readonly recorded: Recorded[] = [];
  private readonly waitingParts = new Map<string, Map<PartName, Uint8Array>>();
  private wake: () => void = () => undefined;
  private grown = this.nextRecord();
  private readonly following: Promise<void>;

  /**
   * @param since unix milliseconds; what was written before is passed over
   * @param signal ends the reading
   */
  constructor(
    reader: LogReader,
    private readonly since: number,
    private readonly signal: AbortSignal,
  ) {
    this.following = reader.consume({
      name: 'the story',
      topics: [topics.parts, topics.events, topics.control],
      from: () => 0,
      until: 'follow',
      signal,
      each: (batch) => {
        for (const record of batch) this.take(record);
        this.wake();
        this.grown = this.nextRecord();
        return Promise.resolve();
      },
    });
    // Whoever waits is told; where nobody does, nothing is missed.
    this.following.catch(() => undefined);
  }

  /** The events of one session, in the order of `seq`. */
  session(id: string): readonly Recorded[] {
    return this.recorded.filter(({ event }) => event.session === id).sort((a, b) => a.event.seq - b.event.seq);
  }

  /**
   * Waits until something is on record.
   * @param what named where it does not come
   * @throws NotOnRecord after `withinMs`, the signal's reason, or what the log throws
   */
  async until<T>(what: string, find: (recorded: readonly Recorded[]) => T | undefined, withinMs = 20_000): Promise<T> {
    const late = AbortSignal.timeout(withinMs);
    const over = new Promise<void>((resolve) => {
      late.addEventListener('abort', () => {
        resolve();
      });
    });
    for (;;) {
      const { grown } = this;
      const found = find(this.recorded);
      if (found !== undefined) return found;
      await Promise.race([grown, over, this.following]);
      this.signal.throwIfAborted();
      if (late.aborted) throw new NotOnRecord(what, withinMs);
    }
  }

  private take({ topic, value }: StoredRecord): void {
    if (topic === topics.parts) {
      const { header, bytes } = decodePartRecord(value);
      const id = eventId(header);
      const parts = this.waitingParts.get(id) ?? new Map<PartName, Uint8Array>();
      // A part without chunks was withheld: there are no bytes to show.
      if (header.n > 0) parts.set(header.name, Buffer.concat([parts.get(header.name) ?? Buffer.alloc(0), bytes]));
      this.waitingParts.set(id, parts);
      return;
    }
    const event = parseEvent(value);
    const id = eventId(event);
    if (event.at >= this.since)
      this.recorded.push({ event, parts: this.waitingParts.get(id) ?? new Map<PartName, Uint8Array>() });
    this.waitingParts.delete(id);
  }

  private nextRecord(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }
}

/** What should have been recorded was not. */
export class NotOnRecord extends Error {
  override readonly name = 'NotOnRecord';
  constructor(what: string, withinMs: number) {
    super(`${what} is not on record after ${withinMs / 1000} s`);
  }
}
