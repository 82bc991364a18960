import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Journal, openOwnReader, openReader, openSegmentLog, SegmentReader, startShipping } from '#event-log';
import { Reconciliation } from '#reconciliation';
import { loadConfig, serve } from '#runtime';
import { exceptionOf } from './exceptions.js';
import { writeRecords } from './native-drafts.js';
import { readPast } from './past.js';
import { Reconciler } from './reconciler.js';
import { Tail } from './tail/tail.js';

await serve({
  name: 'reconciler',
  start: async ({ log, config: file, version, fail }) => {
    const config = loadConfig(file, 'reconciler', process.env);
    const { dataDir } = config;
    const outbox = await openSegmentLog({
      dir: join(dataDir, 'outbox', 'reconciler'),
      segmentBytes: config.log.segmentMiB * 1024 * 1024,
      report: (error) => {
        log.error({ err: error }, 'the outbox reports');
      },
    });
    const own = openOwnReader(config, 'reconciler');
    const { previous, positions, judged } = await readPast(own);
    const journal = new Journal(outbox, { service: 'reconciler', version, now: Date.now, random: randomBytes });
    await journal.start(previous);
    const client = { service: 'reconciler', log };
    const shipping = startShipping(config, client, fail);
    const others = config.kafka ? openReader(config, client) : new SegmentReader({ dataDir, except: ['reconciler'] });

    const targets = config.targets.flatMap(({ name, logs }) => {
      if (!logs) return [];
      const tail = new Tail({
        place: logs,
        positions: positions.get(name) ?? new Map(),
        write: writeRecords(journal, name),
        log,
      });
      const exceptions = logs.exceptions.map(exceptionOf);
      const reconciliation = new Reconciliation(name, { skewMs: logs.clockSkewSeconds * 1000, exceptions });
      return { name, tail, reconciliation, graceMs: logs.graceSeconds * 1000, unreadable: () => tail.unreadable };
    });
    const consumer = `reconciler ${outbox.log}`;
    const reconciler = new Reconciler({ own, others, consumer, journal, targets, judged, log, now: Date.now });
    await reconciler.catchUp();

    const stopping = new AbortController();
    const tailing = Promise.all(targets.map(({ tail }) => tail.run(stopping.signal))).catch(fail);
    const judging = reconciler.run(stopping.signal).catch(fail);
    return {
      listening: {},
      stop: [
        {
          name: 'stop reading',
          deadlineMs: 2_000,
          run: async () => {
            stopping.abort();
            await Promise.all([tailing, judging]);
            await Promise.all(targets.map(({ tail }) => tail.close()));
          },
        },
        { name: 'write what is left', deadlineMs: 2_000, run: () => journal.stop('stopped') },
        { name: 'ship what is left', deadlineMs: 1_000, run: () => shipping.stop(500) },
        {
          name: 'close the log',
          deadlineMs: 1_000,
          run: async () => {
            await others.close();
            await own.close();
            await outbox.close();
          },
        },
      ],
    };
  },
});
