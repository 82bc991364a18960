import path from 'node:path';
import { type Files, codeOf, nodeFiles } from './files.js';
import { consumeOutbox, type OpenOutbox, openOutbox, pollMs } from './outbox-consumption.js';
import { type Consumption, LogReader } from './port.js';
import { Waiter } from './waiter.js';

export interface SegmentReaderOptions {
  /** Whose `outbox/*` are read, those too that appear later. */
  readonly dataDir: string;
  /** The name of the one outbox that is read. Without it: everyone's. */
  readonly only?: string;
  /** Names of outboxes that are left out. */
  readonly except?: readonly string[];
  readonly files?: Files;
}

/** Reads the outboxes of every process of a data directory, side by side. A partition is an outbox, named by its log's uuid. */
export class SegmentReader extends LogReader {
  private readonly dir: string;
  private readonly files: Files;
  private readonly only: string | undefined;
  private readonly closed = new AbortController();

  private readonly except: readonly string[];

  constructor({ dataDir, only, except = [], files = nodeFiles }: SegmentReaderOptions) {
    super();
    this.except = except;
    this.dir = path.join(dataDir, 'outbox');
    this.files = files;
    this.only = only;
  }

  async consume(consumption: Consumption): Promise<void> {
    const failed = new AbortController();
    const signal = AbortSignal.any([consumption.signal, this.closed.signal, failed.signal]);
    const running: Promise<void>[] = [];
    const known = new Set<string>();
    const begin = async () => {
      for (const found of await this.discover(known))
        running.push(
          consumeOutbox(found, { ...consumption, signal }).catch((error: unknown) => {
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
  private async discover(known: Set<string>): Promise<OpenOutbox[]> {
    let names: string[];
    try {
      names = await this.files.list(this.dir);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
    const found: OpenOutbox[] = [];
    for (const name of names.sort()) {
      if (known.has(name) || this.except.includes(name) || (this.only !== undefined && this.only !== name)) continue;
      const open = await openOutbox(this.files, path.join(this.dir, name));
      if (!open) continue;
      known.add(name);
      found.push(open);
    }
    return found;
  }
}
