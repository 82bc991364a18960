import { once } from 'node:events';
import { join } from 'node:path';
import { loadConfig, serve } from '#runtime';
import { Engine } from './engine.js';
import { serveHttp } from './server.js';

/**
 * ClickHouse on this machine, without a server: the engine in this process, its HTTP interface on the loopback address.
 * Every query under way holds a thread of libuv's pool, so it is to be started with UV_THREADPOOL_SIZE=16 in its environment;
 * the pool is there before the first line of a module runs. Two threads are left for files.
 */
await serve({
  name: 'clickhouse',
  async start({ config, log }) {
    const { clickhouse, dataDir } = loadConfig(config, 'clickhouse', process.env);
    const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
    const slots = Math.max(1, threads - 2);
    const engine = Engine.open({ path: join(dataDir, 'clickhouse'), memoryBytes: 2_000_000_000, slots });
    log.info({ slots }, 'engine open');
    const server = serveHttp(engine, { user: clickhouse.user, password: clickhouse.password.reveal() });
    server.listen(clickhouse.port, '127.0.0.1');
    await once(server, 'listening');
    return {
      listening: { clickhouse: clickhouse.port },
      stop: [
        {
          name: 'finish what is under way',
          deadlineMs: 2_000,
          run: async () => {
            const closed = once(server, 'close');
            server.close();
            await closed;
          },
        },
        {
          name: 'cancel the rest',
          deadlineMs: 1_000,
          run: () => {
            server.closeAllConnections();
          },
        },
        { name: 'close the engine', deadlineMs: 2_000, run: () => engine.close() },
      ],
    };
  },
});
