import type { Topic } from '#events';
import { type Files, codeOf, type OpenFile } from './files.js';
import { type Head, headFile, readHead } from './head.js';
import { readIdentity } from './identity.js';
import { LogCorrupt, LogGap, type StoredRecord } from './port.js';
import { readSegment, type Segment, segmentFile, segmentHeaderBytes, SegmentScan } from './segment.js';

/** The first offset wanted of each topic. */
export type Wanted = ReadonlyMap<Topic, number>;

interface Leg {
  readonly segment: Segment;
  /** Its valid length, as its successor states it; nothing for the last, which the head bounds. */
  readonly length: number | undefined;
}

/** One process's log, as its readers see it: never past its head, whoever is writing or not. */
export class Outbox {
  private constructor(
    private readonly files: Files,
    private readonly dir: string,
    private readonly headHandle: OpenFile,
    /** The log's uuid. */
    readonly log: string,
  ) {}

  /** Nothing while its first writer has not published it. */
  static async open(files: Files, dir: string): Promise<Outbox | undefined> {
    const identity = await readIdentity(files, dir);
    if (!identity) return undefined;
    try {
      return new Outbox(files, dir, await files.open(headFile(dir), 'read'), identity.log);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** How far the log may be read now. Nothing before the first is published, and in the moment in which one is rewritten. */
  head(): Promise<Head | undefined> {
    return readHead(this.headHandle);
  }

  watch(changed: () => void): () => void {
    return this.files.watch(headFile(this.dir), changed);
  }

  close(): Promise<void> {
    return this.headHandle.close();
  }

  /** A reader that begins in the segment where the first wanted record is, or was to be. @throws LogGap, LogCorrupt */
  async reader(wanted: Wanted, head: Head): Promise<OutboxReader> {
    const legs = await this.legs(head.segment, ({ topics }) =>
      topics.every(({ topic, base }) => base <= (wanted.get(topic) ?? Infinity)),
    );
    const { header } = (legs[0] as Leg).segment;
    for (const { topic, base } of header.topics) {
      const first = wanted.get(topic);
      if (first !== undefined && base > first) throw new LogGap(topic, this.log, first, base);
    }
    return new OutboxReader(this, wanted, legs);
  }

  /** The segments from the newest that satisfies `isFirst`, or the oldest that is left, up to number `last`, by their own account. */
  async legs(last: number, isFirst: (header: Segment['header']) => boolean): Promise<Leg[]> {
    const legs: Leg[] = [];
    for (let step: { segment: number; length?: number } | undefined = { segment: last }; step;) {
      const segment: Segment | undefined = await this.segment(step.segment);
      if (!segment) {
        if (legs.length > 0) break;
        throw new LogCorrupt(segmentFile(this.dir, last), 0, 'the segment is missing');
      }
      legs.unshift({ segment, length: step.length });
      step = isFirst(segment.header) ? undefined : segment.header.previous;
    }
    return legs;
  }

  openSegment({ file }: Segment): Promise<OpenFile> {
    return this.files.open(file, 'read');
  }

  private async segment(number: number): Promise<Segment | undefined> {
    const file = segmentFile(this.dir, number);
    let open: OpenFile;
    try {
      open = await this.files.open(file, 'read');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    try {
      return await readSegment(file, open);
    } finally {
      await open.close();
    }
  }
}

/** A place in an outbox. */
export class OutboxReader {
  private readonly next: Map<Topic, number>;
  private open: OpenFile | undefined;
  private scan: SegmentScan | undefined;

  constructor(
    private readonly outbox: Outbox,
    private readonly wanted: Wanted,
    private legs: Leg[],
  ) {
    this.next = bases((legs[0] as Leg).segment);
  }

  /** The records wanted from here up to the head, one write's at a time. @throws LogCorrupt */
  async *upTo(head: Head): AsyncGenerator<readonly StoredRecord[]> {
    await this.learn(head);
    for (;;) {
      const { segment, length = head.published } = this.legs[0] as Leg;
      this.open ??= await this.outbox.openSegment(segment);
      this.scan ??= new SegmentScan(segment, this.open);
      for (let found = await this.scan.next(length); found; found = await this.scan.next(length)) {
        if ('why' in found) throw new LogCorrupt(segment.file, found.at, found.why);
        const records: StoredRecord[] = [];
        for (const record of found) {
          const offset = this.next.get(record.topic) ?? 0;
          this.next.set(record.topic, offset + 1);
          if (offset >= (this.wanted.get(record.topic) ?? Infinity))
            records.push({ ...record, partition: this.outbox.log, offset });
        }
        if (records.length > 0) yield records;
      }
      if (this.legs.length === 1) return;
      await this.advance();
    }
  }

  /** After all up to the head was read. @throws LogGap when the log ends before the first record that is wanted of a topic */
  checkReached(): void {
    for (const [topic, first] of this.wanted) {
      const found = this.next.get(topic) ?? 0;
      if (found < first) throw new LogGap(topic, this.outbox.log, first, found);
    }
  }

  async close(): Promise<void> {
    await this.open?.close();
  }

  /** Appends the segments that came since. */
  private async learn(head: Head): Promise<void> {
    const last = this.legs.at(-1) as Leg;
    const { segment: known } = last.segment.header;
    if (head.segment === known) return;
    const [from, ...since] = await this.outbox.legs(head.segment, ({ segment }) => segment <= known);
    if (from?.segment.header.segment !== known)
      throw new LogCorrupt(last.segment.file, segmentHeaderBytes, 'its successor is missing');
    this.legs = [...this.legs.slice(0, -1), from, ...since];
  }

  private async advance(): Promise<void> {
    await this.close();
    this.open = undefined;
    this.scan = undefined;
    this.legs.shift();
    const { segment } = this.legs[0] as Leg;
    for (const [topic, base] of bases(segment))
      if (this.next.get(topic) !== undefined && this.next.get(topic) !== base)
        throw new LogCorrupt(
          segment.file,
          0,
          `it begins at offset ${base} of ${topic}, the one before it ends at ${this.next.get(topic) ?? 0}`,
        );
    for (const [topic, base] of bases(segment)) this.next.set(topic, base);
  }
}

const bases = ({ header }: Segment): Map<Topic, number> => new Map(header.topics.map(({ topic, base }) => [topic, base]));
