import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { Engine } from './engine.js';
import { serve } from './server.js';

/**
 * ClickHouse on this machine, without a server: the engine in this process, its HTTP interface on the loopback address.
 * Start it with UV_THREADPOOL_SIZE=16 in its environment: every running query holds a thread of that pool, and two are left for files.
 */
const Options = z.strictObject({
  path: z.string(),
  port: z.coerce.number().int().min(0).max(65_535),
  user: z.string().default('sallyport'),
  'password-file': z.string(),
  'memory-bytes': z.coerce.number().int().min(268_435_456).default(2_000_000_000),
});

const { values } = parseArgs({
  options: {
    path: { type: 'string' },
    port: { type: 'string' },
    user: { type: 'string' },
    'password-file': { type: 'string' },
    'memory-bytes': { type: 'string' },
  },
});
const options = Options.parse(values);
const say = (line: string, facts: object = {}): void => {
  process.stdout.write(`${JSON.stringify({ service: 'clickhouse', msg: line, ...facts })}\n`);
};

const threads = z.coerce.number().int().min(3).catch(4).parse(process.env['UV_THREADPOOL_SIZE']);
const engine = Engine.open({ path: options.path, memoryBytes: options['memory-bytes'], slots: threads - 2 });
const server = serve(engine, { user: options.user, password: readFileSync(options['password-file'], 'utf8').trim() });
server.listen(options.port, '127.0.0.1', () => {
  say('listening', { port: (server.address() as AddressInfo).port, slots: threads - 2 });
});

const stop = (signal: string): void => {
  say('stopping', { signal });
  server.close(() => {
    void engine.close().then(() => {
      say('stopped');
      process.exit(0);
    });
  });
  // Queries that outlast this are cancelled with their connections.
  setTimeout(() => {
    server.closeAllConnections();
  }, 3_000).unref();
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
