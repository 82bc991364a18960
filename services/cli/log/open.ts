import { access } from 'node:fs/promises';
import path from 'node:path';
import { type LogReader, SegmentReader } from '#event-log';
import { Failure } from '../failure.js';

/** Opens the log of a data directory for reading. @throws Failure when it holds none */
export async function openLog(dataDir: string): Promise<LogReader> {
  try {
    await access(path.join(dataDir, 'outbox'));
  } catch (cause) {
    const todo = 'Name the data directory of a Sallyport: --data <dir>.';
    throw new Failure('notFound', { what: 'There is no log to read', why: `${dataDir} holds no outbox`, todo }, { cause });
  }
  return new SegmentReader({ dataDir });
}
