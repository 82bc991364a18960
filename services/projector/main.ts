import { ClickHouse } from '#clickhouse';
import { loadConfig, serve } from '#runtime';
import { Projector } from './projector.js';
import { openSource } from './source.js';

await serve({
  name: 'projector',
  async start({ config: file, log, fail }) {
    const config = loadConfig(file, 'projector', process.env);
    const { url, user, password, database } = config.clickhouse;
    const clickhouse = ClickHouse.at({ url, user, password: password.reveal(), database });
    const source = await openSource(config, log);
    const stopping = new AbortController();
    const projecting = new Projector({ ...source, clickhouse, log }).run('follow', stopping.signal).catch(fail);
    return {
      listening: {},
      stop: [
        {
          name: 'end the batch under way',
          deadlineMs: 3_000,
          run: async () => {
            stopping.abort();
            await projecting;
          },
        },
        { name: 'close the log', deadlineMs: 1_000, run: () => source.reader.close() },
        { name: 'close ClickHouse', deadlineMs: 1_000, run: () => clickhouse.close() },
      ],
    };
  },
});
