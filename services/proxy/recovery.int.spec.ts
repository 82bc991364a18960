import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal, openSegmentLog, SegmentReader } from '#event-log';
import { readPast } from './recovery.js';

describe("a proxy's past", () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'recovery-'));
  const reader = new SegmentReader({ dataDir });
  afterAll(async () => {
    await reader.close();
    rmSync(dataDir, { recursive: true });
  });

  /** A life of a service that writes an event which no schema takes. @returns its log's uuid */
  const malformedBy = async (service: string): Promise<string> => {
    const log = await openSegmentLog({ dir: join(dataDir, 'outbox', service) });
    const journal = new Journal(log, { service, version: '1', now: Date.now, random: randomBytes });
    await journal.start();
    journal.add([{ type: 'producer.stopped', data: { reason: 7 as never } }], 'file');
    await journal.flush();
    await log.close();
    return log.log;
  };

  it('is read past what another process wrote and nobody can read', async () => {
    const api = await malformedBy('api');
    const folded: string[] = [];
    const unreadable: unknown[] = [];
    await readPast(reader, 'another log', {
      fold: ({ type }) => folded.push(type),
      unreadable: ({ name }, place) => unreadable.push([name, place]),
    });
    expect({ folded, unreadable }).toEqual({
      folded: ['producer.started'],
      unreadable: [['MalformedEvent', { partition: api, offset: 1 }]],
    });
  });

  it('is not taken for known where its own cannot be read', async () => {
    const proxy = await malformedBy('proxy');
    const past = readPast(reader, proxy, { fold: () => undefined, unreadable: () => undefined });
    await expect(past).rejects.toThrow('producer.stopped');
  });
});
