import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { rules } from '#detection';
import { Journal, openOwnReader, openReader, openSegmentLog, startShipping } from '#event-log';
import { loadConfig, serve } from '#runtime';
import { Detector, readPast } from './detector.js';

await serve({
  name: 'detector',
  start: async ({ log, config: file, version, fail }) => {
    const config = loadConfig(file, 'detector', process.env);
    const outbox = await openSegmentLog({
      dir: join(config.dataDir, 'outbox', 'detector'),
      segmentBytes: config.log.segmentMiB * 1024 * 1024,
      report: (error) => {
        log.error({ err: error }, 'the outbox reports');
      },
    });
    const { previous, raised } = await readPast(openOwnReader(config, 'detector'), outbox.log);
    const journal = new Journal(outbox, { service: 'detector', version, now: Date.now, random: randomBytes });
    await journal.start(previous);
    const shipping = startShipping(config, { service: 'detector', log }, fail);
    const reader = openReader(config, { service: 'detector', log });
    const detector = new Detector({ reader, journal, rules, raised, log });
    const stopping = new AbortController();
    const done = detector.run({ until: 'follow', signal: stopping.signal }).catch(fail);
    return {
      listening: {},
      stop: [
        {
          name: 'raise the last alerts',
          deadlineMs: 3_000,
          run: async () => {
            stopping.abort();
            await done;
          },
        },
        { name: 'write what is left', deadlineMs: 2_000, run: () => journal.stop('stopped') },
        { name: 'ship what is left', deadlineMs: 1_000, run: () => shipping.stop(500) },
        {
          name: 'close the log',
          deadlineMs: 1_000,
          run: async () => {
            await reader.close();
            await outbox.close();
          },
        },
      ],
    };
  },
});
