import { randomUUID } from 'node:crypto';
import { type Topic, topics } from '#events';
import { batchBytes, encodeBatch } from './batch.js';
import { type Files, codeOf, nodeFiles, writeAll } from './files.js';
import { HeadFile } from './head.js';
import { readIdentity, writeIdentity, type Identity } from './identity.js';
import { lock } from './lock.js';
import { OpenSegment } from './open-segment.js';
import { LogFailed, LogFull, type LogRecord, LogWriter, type Reach } from './port.js';
import { recover } from './recovery.js';
import { encodeSegmentHeader, segmentFile, type SegmentHeader, segmentOf } from './segment.js';
import { Spare } from './spare.js';

export interface SegmentLogOptions {
  /** The log's own directory, `<dataDir>/outbox/<service>`; made if there is none. */
  readonly dir: string;
  /** The size that segments are prepared with; a batch larger than that gets a segment of its own. Default 32 MiB. */
  readonly segmentBytes?: number;
  /** Records written with reach `file` are on disk after at most this long. Default 50. */
  readonly lingerMs?: number;
  /** Told of what failed while nobody waited: a late sync, the sealing of a segment whose write failed. */
  readonly report?: (error: Error) => void;
  readonly files?: Files;
}

const topicNames: readonly Topic[] = Object.values(topics);

/**
 * Opens the log for writing: takes its lock, cuts a torn tail, publishes what is whole, and goes on in a new segment.
 * @throws LogLocked while another process writes it; LogCorrupt when what was on disk no longer is; LogFull, LogFailed
 */
export async function openSegmentLog(options: SegmentLogOptions): Promise<SegmentLog> {
  const { dir, files = nodeFiles, report = () => undefined } = options;
  await files.makeDirectory(dir);
  const unlock = await lock(files, dir);
  let head: HeadFile | undefined;
  try {
    const earlier = await readIdentity(files, dir);
    const identity = { log: earlier?.log ?? randomUUID(), boot: (earlier?.boot ?? 0) + 1 };
    await writeIdentity(files, dir, identity);
    head = await HeadFile.open(files, dir);
    const { previous, offsets } = await recover(files, dir, await head.read());
    const { segmentBytes = 32 * 1024 * 1024, lingerMs = 50 } = options;
    const log = new SegmentLog({ dir, files, report, segmentBytes, lingerMs, identity, head, unlock }, offsets, previous);
    await log.write([], 'disk');
    return log;
  } catch (error) {
    await head?.close();
    await unlock();
    throw ioError(error);
  }
}

interface Parts extends Required<SegmentLogOptions> {
  readonly identity: Identity;
  readonly head: HeadFile;
  readonly unlock: () => Promise<void>;
}

/** One process's log in segment files. See openSegmentLog. */
export class SegmentLog extends LogWriter {
  readonly log: string;
  readonly boot: number;
  private readonly spare: Spare;
  private readonly offsets: Map<Topic, number>;
  private segment: OpenSegment | undefined;
  private isWriting = false;

  /** @param previous the last segment, and how much of it counts */
  constructor(
    private readonly parts: Parts,
    offsets: ReadonlyMap<Topic, number>,
    private previous: SegmentHeader['previous'],
  ) {
    super();
    this.log = parts.identity.log;
    this.boot = parts.identity.boot;
    this.offsets = new Map(offsets);
    this.spare = new Spare(parts.files, parts.dir, parts.segmentBytes);
  }

  /** Without records: makes sure that all that was written has this reach. */
  async write(records: readonly LogRecord[], reach: Reach): Promise<void> {
    if (this.isWriting) throw new Error('one write at a time');
    this.isWriting = true;
    try {
      const bytes = records.length === 0 ? 0 : batchBytes(records);
      const segment = await this.segmentFor(bytes, reach);
      await this.append(segment, records, bytes, reach);
      for (const { topic } of records) this.offsets.set(topic, (this.offsets.get(topic) ?? 0) + 1);
    } catch (error) {
      throw ioError(error);
    } finally {
      this.isWriting = false;
    }
  }

  async close(): Promise<void> {
    try {
      await this.segment?.close();
      await this.parts.head.datasync();
    } catch (error) {
      throw ioError(error);
    } finally {
      await this.parts.head.close();
      await this.spare.close();
      await this.parts.unlock();
    }
  }

  private async append(segment: OpenSegment, records: readonly LogRecord[], bytes: number, reach: Reach): Promise<void> {
    const batch = bytes > 0 ? encodeBatch(records, bytes, topicNames, segment.seed) : undefined;
    try {
      if (batch) await segment.append(batch, reach);
      else if (reach === 'disk') await segment.settle();
    } catch (error) {
      await this.abandon(segment, error as Error);
      throw error;
    }
  }

  /** The current segment if it is sound and has room, otherwise a new one. */
  private async segmentFor(bytes: number, reach: Reach): Promise<OpenSegment> {
    const { segment } = this;
    if (segment) {
      // A sync that fails now must not take along a write that could have gone elsewhere.
      if (reach === 'disk') await segment.syncing;
      const hasRoom = segment.isEmpty || segment.written + bytes <= this.parts.segmentBytes;
      if (!segment.failure && hasRoom) return segment;
      await this.leave(segment);
    }
    this.segment = await this.nextSegment();
    this.spare.prepare();
    return this.segment;
  }

  private async leave(segment: OpenSegment): Promise<void> {
    this.segment = undefined;
    this.previous = { segment: segment.number, length: segment.written };
    await segment.close().catch(this.parts.report);
  }

  /** After a failed write: its range never counts, whatever of it reached the disk. */
  private async abandon(segment: OpenSegment, cause: Error): Promise<void> {
    this.segment = undefined;
    this.previous = { segment: segment.number, length: segment.written };
    try {
      segment.seal(cause);
      await this.parts.head.datasync();
    } catch (error) {
      this.parts.report(error as Error);
    }
    await segment.close().catch(this.parts.report);
  }

  private async nextSegment(): Promise<OpenSegment> {
    const { dir, files, head, identity, lingerMs, report } = this.parts;
    const number = (this.previous?.segment ?? 0) + 1;
    const header: SegmentHeader = {
      ...identity,
      segment: number,
      ...(this.previous && { previous: this.previous }),
      topics: topicNames.map((topic) => ({ topic, base: this.offsets.get(topic) ?? 0 })),
    };
    // What the head says of the segment before outlives the machine too, so that damage there is told from a torn tail.
    await head.datasync();
    const prepared = await this.spare.take();
    const handles = [prepared.open];
    try {
      // The header is on disk before the file has its name: a segment without one is no crash's doing.
      await writeAll(prepared.open, encodeSegmentHeader(header), 0);
      await prepared.open.datasync();
      const file = segmentFile(dir, number);
      await files.rename(prepared.file, file);
      await files.syncDirectory(dir);
      const through = await files.open(file, 'write-through');
      handles.push(through);
      const segment = new OpenSegment(segmentOf(file, header), { plain: prepared.open, through, head, lingerMs, report });
      // Last: once it is published readers hold it open, and its number is not given again.
      segment.publish();
      return segment;
    } catch (error) {
      for (const handle of handles) await handle.close();
      await this.discard(prepared.file);
      throw error;
    }
  }

  /** A prepared file that failed is not tried again. If it already has a segment's name, the next attempt takes that from it. */
  private async discard(file: string): Promise<void> {
    await this.parts.files.unlink(file).catch((error: unknown) => {
      if (codeOf(error) !== 'ENOENT') this.parts.report(error as Error);
    });
  }
}

/** A failure of the system, in the log's own words; anything else as it is. */
function ioError(error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof LogFailed || code === undefined) return error;
  const { message } = error as Error;
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new LogFull(message, { cause: error })
    : new LogFailed(message, { cause: error });
}
