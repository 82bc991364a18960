import path from 'node:path';
import { type Files, codeOf, type OpenFile, writeAll } from './files.js';
import { LogFull } from './port.js';

const zeros = Buffer.alloc(1024 * 1024);

/** A file made ready to become a segment: zeros down to the disk, so that a commit there changes no metadata. */
export interface Prepared {
  readonly file: string;
  readonly open: OpenFile;
}

/** Keeps one prepared file ahead of its use, in `<dir>/spare`. */
export class Spare {
  private readonly file: string;
  private ready: Promise<Prepared> | undefined;

  constructor(
    private readonly files: Files,
    private readonly dir: string,
    private readonly bytes: number,
  ) {
    this.file = path.join(dir, 'spare');
  }

  /** Begins to prepare one, unless that was begun. Should it fail, taking it tries again. */
  prepare(): void {
    if (this.ready) return;
    const making = this.make();
    this.ready = making;
    making.catch(() => {
      if (this.ready === making) this.ready = undefined;
    });
  }

  /** The prepared file, now the caller's own to rename. The next call makes another, whatever became of this one. */
  async take(): Promise<Prepared> {
    const ready = this.ready ?? this.make();
    this.ready = undefined;
    return ready;
  }

  async close(): Promise<void> {
    const prepared = await this.ready?.catch(() => undefined);
    await prepared?.open.close();
  }

  private async make(): Promise<Prepared> {
    const left = await this.fromEarlierLife();
    if (left) return left;
    // Asked first, so that a full disk costs a call per attempt, not a segment's worth of writing.
    if ((await this.files.freeBytes(this.dir)) < this.bytes)
      throw new LogFull(`${this.dir}: no space for a segment of ${this.bytes} bytes`);
    const unfinished = `${this.file}.new`;
    const open = await this.files.open(unfinished, 'create');
    try {
      for (let at = 0; at < this.bytes; at += zeros.length)
        await writeAll(open, zeros.subarray(0, Math.min(zeros.length, this.bytes - at)), at);
      await open.datasync();
      await this.files.rename(unfinished, this.file);
      return { file: this.file, open };
    } catch (error) {
      await open.close();
      await this.files.unlink(unfinished); // gives its space back at once
      throw error;
    }
  }

  private async fromEarlierLife(): Promise<Prepared | undefined> {
    let open: OpenFile;
    try {
      open = await this.files.open(this.file, 'write');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    if ((await open.size()) === this.bytes) return { file: this.file, open };
    await open.close();
    await this.files.unlink(this.file);
    return undefined;
  }
}
