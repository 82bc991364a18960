import { ClickHouse } from '#clickhouse';
import { SegmentReader } from '#event-log';
import { loadConfig, serve } from '#runtime';
import { Projector } from './projector.js';

await serve({
  name: 'projector',
  start({ config, log, fail }) {
    const { clickhouse: where, dataDir } = loadConfig(config, 'projector', process.env);
    const clickhouse = ClickHouse.at({ ...where, password: where.password.reveal() });
    const reader = new SegmentReader({ dataDir });
    const stopping = new AbortController();
    const projecting = new Projector({ reader, clickhouse, log }).run('follow', stopping.signal).catch(fail);
    return Promise.resolve({
      listening: {},
      stop: [
        {
          name: 'end the block under way',
          deadlineMs: 3_000,
          run: async () => {
            stopping.abort();
            await projecting;
          },
        },
        { name: 'close the log', deadlineMs: 1_000, run: () => reader.close() },
        { name: 'close ClickHouse', deadlineMs: 1_000, run: () => clickhouse.close() },
      ],
    });
  },
});
