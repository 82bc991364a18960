import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { rules } from '#detection';
import { Journal, openSegmentLog, SegmentReader } from '#event-log';
import { loadConfig, serve } from '#runtime';
import { Detector, readPast } from './detector.js';

await serve({
  name: 'detector',
  start: async ({ log, config: file, version, fail }) => {
    const { dataDir, log: logConfig, kafka } = loadConfig(file, 'detector', process.env);
    if (kafka) throw new Error('the detector does not read from Kafka yet');
    const outbox = await openSegmentLog({
      dir: join(dataDir, 'outbox', 'detector'),
      segmentBytes: logConfig.segmentMiB * 1024 * 1024,
      report: (error) => {
        log.error({ err: error }, 'the outbox reports');
      },
    });
    const reader = new SegmentReader({ dataDir });
    const { previous, raised } = await readPast(reader, outbox.log);
    const journal = new Journal(outbox, { service: 'detector', version, now: Date.now, random: randomBytes });
    await journal.start(previous);
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
