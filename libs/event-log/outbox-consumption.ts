import type { Files } from './files.js';
import type { Head } from './head.js';
import { Outbox, type Wanted } from './outbox.js';
import type { Consumption, StoredRecord } from './port.js';
import { Waiter } from './waiter.js';

/** How late a change may be seen where the system does not tell of it. */
export const pollMs = 50;
const mostRecords = 1000;
const mostBytes = 1024 * 1024;

/** An outbox and its head of the moment in which it was opened. */
export interface OpenOutbox {
  readonly outbox: Outbox;
  readonly head: Head;
}

/** Nothing while there is nothing to read: no log, or none published yet. */
export async function openOutbox(files: Files, dir: string): Promise<OpenOutbox | undefined> {
  const outbox = await Outbox.open(files, dir);
  const head = await outbox?.head();
  if (outbox && head) return { outbox, head };
  await outbox?.close();
  return undefined;
}

/**
 * Consumes one outbox and closes it.
 * @param ending once it aborts, `follow` goes on to what is published then, and stops
 * @throws LogCorrupt, LogGap
 */
export async function consumeOutbox({ outbox, head }: OpenOutbox, consumption: Consumption, ending?: AbortSignal): Promise<void> {
  const { topics, from, until, signal } = consumption;
  const waiter = new Waiter(signal);
  const stop = until === 'follow' ? outbox.watch(waiter.wake) : () => undefined;
  try {
    const wanted: Wanted = new Map(
      await Promise.all(topics.map(async (topic) => [topic, await from(topic, outbox.log)] as const)),
    );
    const reader = await outbox.reader(wanted, head);
    try {
      await deliver(reader.upTo(head), consumption);
      if (!signal.aborted) reader.checkReached();
      for (let last = head; until === 'follow' && !signal.aborted;) {
        const isLast = ending?.aborted === true; // asked before the head is: all that was published by then is delivered
        const now = (await outbox.head()) ?? last;
        if (now.segment !== last.segment || now.published !== last.published) await deliver(reader.upTo(now), consumption);
        else if (!isLast) await waiter.wait(pollMs);
        if (isLast) break;
        last = now;
      }
    } finally {
      await reader.close();
    }
  } finally {
    stop();
    await outbox.close();
  }
}

/** Hands the records over in batches of bounded size, one at a time. */
async function deliver(writes: AsyncIterable<readonly StoredRecord[]>, { each, signal }: Consumption): Promise<void> {
  let batch: StoredRecord[] = [];
  let bytes = 0;
  const hand = async () => {
    const full = batch;
    batch = [];
    bytes = 0;
    if (full.length > 0 && !signal.aborted) await each(full);
  };
  for await (const records of writes) {
    for (const record of records) {
      if (batch.length === mostRecords || (batch.length > 0 && bytes + record.value.length > mostBytes)) await hand();
      batch.push(record);
      bytes += record.value.length;
    }
    if (signal.aborted) return;
  }
  await hand();
}
