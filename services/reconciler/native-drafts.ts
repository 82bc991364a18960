import type { Draft, Journal } from '#event-log';
import type { TailedRecord } from './tail/tail.js';

/** Puts records of a target's log on record, all of them in one commit. @throws LogFailed: none of them is */
export const writeRecords =
  (journal: Journal, target: string) =>
  (records: readonly TailedRecord[]): Promise<void> =>
    new Promise((resolve, reject) => {
      journal.add(
        records.map((record) => draftOf(target, record)),
        'disk',
        (error) => {
          if (error) reject(error);
          else resolve();
        },
      );
    });

function draftOf(target: string, { facts, isSecret, file, head, format, cut: { from, to, bytes } }: TailedRecord): Draft {
  return {
    type: 'native.observed',
    data: { ...facts, target, file, head, from, to, format },
    ...(bytes && { parts: [{ name: 'native', bytes: [bytes], ...(isSecret && { withheld: 'secret' }) }] }),
  };
}
