import { join } from 'node:path';
import { topics } from '#events';
import { KafkaReader, openOwnReader, openReader, openSegmentLog, startShipping } from '#event-log';
import { type Config, loadConfig, type Logger, serve } from '#runtime';
import { SqlParser } from '#sql';
import { Exporter, type ExporterOptions } from './exporter.js';
import { OutboxSink } from './outbox-sink.js';

await serve({
  name: 'exporter',
  start: async ({ log, config: file, version, fail }) => {
    const config = loadConfig(file, 'exporter', process.env);
    const ends = await open(config, log);
    const shipping = startShipping(config, { service: 'exporter', log }, fail);
    const parser = await SqlParser.start();
    const exporter = new Exporter({ ...ends, redact: (sql) => parser.redact(sql), version, log });
    const stopping = new AbortController();
    const done = exporter.run({ until: 'follow', signal: stopping.signal }).catch(fail);
    return {
      listening: {},
      stop: [
        {
          name: 'write the last records',
          deadlineMs: 3_000,
          run: async () => {
            stopping.abort();
            await done;
          },
        },
        { name: 'ship what is left', deadlineMs: 1_000, run: () => shipping.stop(500) },
        { name: 'close the parser', deadlineMs: 1_000, run: () => parser.close() },
        {
          name: 'close the log',
          deadlineMs: 1_000,
          run: async () => {
            await ends.reader.close();
            await ends.sink.close();
          },
        },
      ],
    };
  },
});

type Ends = Pick<ExporterOptions, 'reader' | 'sink' | 'partsEnd'>;

/** What it reads is the event log; what it writes is its own outbox, in either form. */
async function open(config: Config<'exporter'>, log: Logger): Promise<Ends> {
  const reader = openReader(config, { service: 'exporter', log });
  const outbox = await openSegmentLog({
    dir: join(config.dataDir, 'outbox', 'exporter'),
    segmentBytes: config.log.segmentMiB * 1024 * 1024,
    report: (error) => {
      log.error({ err: error }, 'the outbox reports');
    },
  });
  const sink = new OutboxSink(outbox, openOwnReader(config, 'exporter'));
  // An event and its parts are in partitions of the same number.
  if (reader instanceof KafkaReader) return { reader, sink, partsEnd: (partition) => reader.end(topics.parts, partition) };
  return { reader, sink };
}
