import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { topics } from '#events';
import { readAll } from './contract.js';
import type { LogRecord } from './port.js';
import { SegmentReader } from './segment-reader.js';

export const record = (value: string): LogRecord => ({ topic: topics.events, key: 'k', value: Buffer.from(value) });

/** A data directory of its own for one test. */
export class DataDirectory {
  private constructor(readonly path: string) {}

  static async make(): Promise<DataDirectory> {
    return new DataDirectory(await mkdtemp(path.join(tmpdir(), 'sallyport-log-')));
  }

  get outbox(): string {
    return path.join(this.path, 'outbox', 'proxy');
  }

  file(name: string): string {
    return path.join(this.outbox, name);
  }

  /** What a reader without a writer finds. */
  async values(): Promise<string[]> {
    return (await readAll(new SegmentReader({ dataDir: this.path }))).map(({ value }) => value.toString());
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true });
  }
}
