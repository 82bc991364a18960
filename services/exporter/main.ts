import { join } from 'node:path';
import { openSegmentLog, SegmentReader } from '#event-log';
import { type Config, loadConfig, type Logger, serve } from '#runtime';
import { SqlParser } from '#sql';
import { Exporter, type ExporterOptions } from './exporter.js';
import { OutboxSink } from './outbox-sink.js';

await serve({
  name: 'exporter',
  start: async ({ log, config: file, version, fail }) => {
    const ends = await open(loadConfig(file, 'exporter', process.env), log);
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

/** Both ends of the exporter. With brokers set they are Kafka's, and nothing else: it is refused as long as these are not made. */
async function open(
  { dataDir, log: { segmentMiB }, kafka }: Config<'exporter'>,
  log: Logger,
): Promise<Pick<ExporterOptions, 'reader' | 'sink'>> {
  if (kafka) throw new Error('the exporter does not read from Kafka yet');
  const reader = new SegmentReader({ dataDir });
  const outbox = await openSegmentLog({
    dir: join(dataDir, 'outbox', 'exporter'),
    segmentBytes: segmentMiB * 1024 * 1024,
    report: (error) => {
      log.error({ err: error }, 'the outbox reports');
    },
  });
  return { reader, sink: new OutboxSink(outbox, reader) };
}
