import { type Event, eventId, type PartName, type PartRecord } from '#events';
import type { Recorded } from '#replay';
import { RequestFailed } from '../problem/problem.js';

/** The most that one session's parts may take in memory. Longer ones are for tools that read the log itself. */
const mostBytes = 256 * 1024 * 1024;

/** A chunk of a part; a part that was accounted for, but not kept, has one of 0. */
export interface Chunk {
  readonly name: PartName;
  readonly i: number;
  readonly n: number;
  readonly bytes: Uint8Array;
}

/** Puts a session together from its events and the chunks of its parts, in whatever order they come and however often. */
export class Assembly {
  private readonly events = new Map<number, Event>();
  private readonly chunks = new Map<string, Map<PartName, Map<number, Chunk>>>();
  private bytes = 0;

  get isEmpty(): boolean {
    return this.events.size === 0;
  }

  addEvent(event: Event): void {
    this.events.set(event.seq, event);
  }

  addPart({ header, bytes }: PartRecord): void {
    // The log lends its bytes only until the batch is done.
    this.addChunk(eventId(header), { ...header, bytes: Buffer.from(bytes) });
  }

  /** @param id of the event that it belongs to @throws RequestFailed `too-large` */
  addChunk(id: string, chunk: Chunk): void {
    const parts = this.chunks.get(id) ?? new Map<PartName, Map<number, Chunk>>();
    this.chunks.set(id, parts);
    const chunks = parts.get(chunk.name) ?? new Map<number, Chunk>();
    parts.set(chunk.name, chunks);
    if (chunks.has(chunk.i)) return;
    chunks.set(chunk.i, chunk);
    this.bytes += chunk.bytes.length;
    if (this.bytes > mostBytes)
      throw new RequestFailed(
        'too-large',
        `The session holds more than ${mostBytes / 1024 / 1024} MiB. \`sallyport log cat\` reads it.`,
      );
  }

  /** In the order of `seq`. A part of which a chunk is missing is not there. */
  recorded(): Recorded[] {
    return [...this.events.values()]
      .sort((a, b) => a.seq - b.seq)
      .map((event) => ({ event, parts: this.partsOf(eventId(event)) }));
  }

  private partsOf(id: string): ReadonlyMap<PartName, Uint8Array> {
    const whole = new Map<PartName, Uint8Array>();
    for (const [name, chunks] of this.chunks.get(id) ?? []) {
      const inOrder = [...chunks.values()].sort((a, b) => a.i - b.i);
      const n = inOrder[0]?.n ?? 0;
      if (n > 0 && inOrder.length === n) whole.set(name, Buffer.concat(inOrder.map(({ bytes }) => bytes)));
    }
    return whole;
  }
}
