import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type Cut, type LogFormat, type NativeRecord, readRecord, RecordCutter } from '#reconciliation';
import type { Logger } from '#runtime';
import { headOf } from './head.js';
import { type Listed, listLog, type LogPlace, sizeAndTime } from './log-files.js';

/** A record as it stands in a file. */
export interface TailedRecord extends NativeRecord {
  readonly file: string;
  readonly head: string;
  readonly format: LogFormat;
  readonly cut: Cut;
}

/** How far a file is on record: the byte behind its last record, and the time of that. */
export interface Taken {
  readonly to: number;
  readonly time: number;
}

export interface TailOptions {
  readonly place: LogPlace;
  /** How far each file was taken, by its head. */
  readonly positions: ReadonlyMap<string, Taken>;
  /** Resolves when all of them are on record. What was not is read again. */
  readonly write: (records: readonly TailedRecord[]) => Promise<void>;
  readonly log: Logger;
}

const chunkBytes = 1024 * 1024;
const pollMs = 200;
const retryMs = 1_000;
/** A file that does not grow is closed, and opened again when it does. One that has no name any more cannot be. */
const idleMs = 30_000;
const namelessIdleMs = 600_000;

/** What is read under one head, whatever the names and copies of it. */
interface Source {
  readonly format: LogFormat;
  taken: Taken;
  cutter: RecordCutter;
}

interface Opened {
  readonly handle: FileHandle;
  file: Listed;
  size: number;
  mtimeMs: number;
  grewAt: number;
}

/**
 * Reads a server's log as it grows, every record once. Files are opened for reading only, are told apart by how they begin, and are read
 * on from where they were taken to: so a file that was renamed goes on, a copy of it adds nothing, and one that was truncated and used
 * again is a new one.
 */
export class Tail {
  private readonly sources = new Map<string, Source>();
  private readonly opened = new Map<string, Opened>();
  /** Closed at this size: nothing is to be read before it changes. */
  private readonly finished = new Map<string, Pick<Listed, 'size' | 'mtimeMs'>>();
  private readonly refused = new Set<string>();

  constructor(private readonly options: TailOptions) {}

  /** Names that cannot be read now. */
  get unreadable(): readonly string[] {
    return [...this.refused].sort();
  }

  /** Goes on until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let waitMs = pollMs;
      try {
        await this.pass(signal);
      } catch (error) {
        this.options.log.error({ err: error }, 'records of a native log are not on record yet, and are read again');
        waitMs = retryMs;
      }
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Reads all that is there. @throws what `write` throws */
  async pass(signal?: AbortSignal): Promise<void> {
    const listed = await this.list();
    const names = new Map(listed.map((file) => [file.inode, file]));
    // Those without a name came before those that have one.
    for (const [inode, { file }] of this.opened) if (!names.has(inode)) await this.visit(file, signal);
    for (const file of listed) await this.visit(file, signal);
    await this.closeIdle(names);
  }

  async close(): Promise<void> {
    const handles = [...this.opened.values()].map(({ handle }) => handle);
    this.opened.clear();
    await Promise.all(handles.map((handle) => handle.close()));
  }

  private async list(): Promise<Listed[]> {
    const { path } = this.options.place;
    try {
      const listed = await listLog(this.options.place);
      this.refused.delete(path);
      return listed;
    } catch (error) {
      this.refuse(path, error);
      return [];
    }
  }

  private async visit(file: Listed, signal: AbortSignal | undefined): Promise<void> {
    const opened = await this.open(file);
    if (!opened) return;
    const { size, mtimeMs } = sizeAndTime(await opened.handle.stat({ bigint: true }));
    if (size === opened.size && mtimeMs === opened.mtimeMs) return;
    while (await this.readChunk(opened)) if (signal?.aborted) return;
    Object.assign(opened, { size, mtimeMs, grewAt: performance.now() });
  }

  private async open(file: Listed): Promise<Opened | undefined> {
    const known = this.opened.get(file.inode);
    if (known) {
      known.file = file;
      return known;
    }
    const finished = this.finished.get(file.inode);
    if (finished?.size === file.size && finished.mtimeMs === file.mtimeMs) return undefined;
    try {
      const handle = await open(file.path, 'r');
      const opened = { handle, file, size: -1, mtimeMs: -1, grewAt: performance.now() };
      this.opened.set(file.inode, opened);
      this.refused.delete(file.name);
      return opened;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.refuse(file.name, error);
      return undefined;
    }
  }

  private refuse(name: string, error: unknown): void {
    if (this.refused.has(name)) return;
    this.refused.add(name);
    this.options.log.error({ err: error, file: name }, 'a native log cannot be read');
  }

  /** Takes the records of the next chunk. @returns whether there may be more */
  private async readChunk({ handle, file }: Opened): Promise<boolean> {
    const head = await headOf(handle);
    if (head === undefined) return false;
    const source = this.sources.get(head) ?? (await this.begin(head, file, handle));
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, source.cutter.readTo);
    if (bytesRead === 0) return false;
    // Truncated and written again in between: these bytes are of another file.
    if ((await headOf(handle)) !== head) return true;
    const cuts = source.cutter.push(buffer.subarray(0, bytesRead));
    if (cuts.length > 0) await this.take(source, { file: file.name, head }, cuts);
    return true;
  }

  private async begin(head: string, { format }: Listed, handle: FileHandle): Promise<Source> {
    const taken = this.options.positions.get(head) ?? { to: 0, time: 0 };
    const known = format ?? (await firstByteTells(handle));
    const source = { format: known, taken, cutter: new RecordCutter(known, taken.to) };
    this.sources.set(head, source);
    return source;
  }

  private async take(
    source: Source,
    where: { readonly file: string; readonly head: string },
    cuts: readonly Cut[],
  ): Promise<void> {
    const { format } = source;
    let { to, time } = source.taken;
    const records = cuts.map((cut) => {
      const record = readRecord(format, cut.bytes, time);
      ({ time } = record.facts);
      ({ to } = cut);
      return { ...record, ...where, format, cut };
    });
    try {
      await this.options.write(records);
    } catch (error) {
      source.cutter = new RecordCutter(format, source.taken.to);
      throw error;
    }
    source.taken = { to, time };
  }

  private async closeIdle(names: ReadonlyMap<string, Listed>): Promise<void> {
    const now = performance.now();
    for (const [inode, { handle, grewAt, size, mtimeMs }] of this.opened) {
      const isNamed = names.has(inode);
      if (now - grewAt < (isNamed ? idleMs : namelessIdleMs)) continue;
      this.opened.delete(inode);
      if (isNamed) this.finished.set(inode, { size, mtimeMs });
      await handle.close();
    }
    for (const inode of this.finished.keys()) if (!names.has(inode)) this.finished.delete(inode);
  }
}

async function firstByteTells(handle: FileHandle): Promise<LogFormat> {
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, 0);
  return buffer.toString('latin1') === '{' ? 'jsonlog' : 'csvlog';
}
