import { type OpenFile, writeAll } from './files.js';
import type { HeadFile } from './head.js';
import type { Reach } from './port.js';
import { type Segment, segmentHeaderBytes } from './segment.js';

interface Handles {
  readonly plain: OpenFile;
  /** The same file, opened so that a write returns when its range is on disk. */
  readonly through: OpenFile;
  readonly head: HeadFile;
  readonly lingerMs: number;
  readonly report: (error: Error) => void;
}

/** Up to so many bytes that need not reach the disk are written on this thread: a turn through the pool costs ten times as much. */
const inlineBytes = 64 * 1024;

/** The segment that is written to. */
export class OpenSegment {
  /** All that counts ends here. */
  written = segmentHeaderBytes;
  /** Set once a write or a sync failed: nothing is appended or synced here again. */
  failure: Error | undefined;
  /** The sync under way in the background; never rejects. */
  syncing: Promise<void> | undefined;
  private durable = segmentHeaderBytes;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly segment: Segment,
    private readonly handles: Handles,
  ) {}

  get number(): number {
    return this.segment.header.segment;
  }

  get seed(): number {
    return this.segment.seed;
  }

  get isEmpty(): boolean {
    return this.written === segmentHeaderBytes;
  }

  /** Lets readers have all that was written. */
  publish(): void {
    this.count(this.written, this.durable);
  }

  /** Appends and publishes. After a rejection nothing of the batch counts. */
  async append(batch: Buffer, reach: Reach): Promise<void> {
    const { plain, through, lingerMs } = this.handles;
    const start = this.written;
    if (reach === 'file') {
      if (batch.length <= inlineBytes) plain.writeNow(batch, start);
      else await writeAll(plain, batch, start);
      this.count(start + batch.length, this.durable);
      this.timer ??= setTimeout(this.syncLater, lingerMs);
      return;
    }
    // One sync at a time: the system tells of a failure once, and it must not be the other one that hears it.
    await this.syncing;
    if (this.failure) throw this.failure;
    this.disarm();
    // O_DSYNC syncs its own range alone, so with earlier writes still on their way all is synced at once.
    const isClean = this.durable === start;
    await writeAll(isClean ? through : plain, batch, start);
    if (!isClean) await plain.datasync();
    this.count(start + batch.length, start + batch.length);
  }

  /** Brings to disk what `file` writes left in the system's hands. */
  async settle(): Promise<void> {
    await this.syncing;
    if (this.failure) throw this.failure;
    this.disarm();
    if (this.durable < this.written) await this.handles.plain.datasync();
    this.count(this.written, this.written);
  }

  /** Says for ever that nothing beyond what was written counts. */
  seal(cause: Error): void {
    this.failure ??= cause;
    this.writeHead(this.written, this.durable, true);
  }

  async close(): Promise<void> {
    this.disarm();
    try {
      await this.syncing;
      if (!this.failure) await this.settle();
    } finally {
      await this.handles.plain.close();
      await this.handles.through.close();
    }
  }

  private count(written: number, durable: number): void {
    this.writeHead(written, durable, false);
    this.written = written;
    this.durable = durable;
  }

  private writeHead(published: number, durable: number, sealed: boolean): void {
    this.handles.head.publish({ segment: this.number, published, durable, sealed });
  }

  private disarm(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private readonly syncLater = (): void => {
    this.timer = undefined;
    this.syncing = this.syncUpTo(this.written).finally(() => {
      this.syncing = undefined;
    });
  };

  private async syncUpTo(position: number): Promise<void> {
    try {
      await this.handles.plain.datasync();
      if (this.failure) return;
      this.count(this.written, position);
      if (position < this.written) this.timer ??= setTimeout(this.syncLater, this.handles.lingerMs);
    } catch (error) {
      this.failure ??= error as Error;
      this.handles.report(this.failure);
    }
  }
}
