import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { By } from '#events';
import { Journal, type LogSettings, openSegmentLog, startShipping } from '#event-log';
import { logger } from '#runtime';
import { readRecord } from '../record.js';

export interface Voter {
  /** Waits until something is held, and votes on the hold that was opened last. */
  vote(kind: 'granted' | 'denied', voter: { readonly by: By; readonly groups: readonly string[] }): Promise<string>;
  close(): Promise<void>;
}

/**
 * Casts votes as the api does: by events in an outbox of its own.
 * @param dataDir where it looks what is held: the proxy's
 * @param own where its outbox is, and where that is shipped to
 */
export async function startVoter(dataDir: string, own: LogSettings = { dataDir }): Promise<Voter> {
  const log = await openSegmentLog({ dir: join(own.dataDir, 'outbox', 'api'), segmentBytes: 1024 * 1024 });
  const shipping = startShipping(own, { service: 'api', log: logger('voter', { write: () => undefined }) }, (error) => {
    throw error;
  });
  const journal = new Journal(log, { service: 'api', version: 'test', now: Date.now, random: randomBytes });
  await journal.start();
  const voted = new Set<string>();
  return {
    vote: async (kind, { by, groups }) => {
      for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
        const { events } = await readRecord(dataDir);
        const held = events
          .flatMap((event) => (event.type === 'statement.held' ? [event.data] : []))
          .findLast(({ approval }) => !voted.has(approval));
        if (!held) continue;
        voted.add(held.approval);
        const { approval, binding } = held;
        journal.add([{ type: `approval.${kind}`, data: { approval, binding, by, groups: [...groups] } }], 'disk');
        await journal.flush();
        return approval;
      }
      throw new Error('nothing was held within 10 s');
    },
    close: async () => {
      await journal.stop('test');
      await shipping.stop(1_000);
      await log.close();
    },
  };
}
