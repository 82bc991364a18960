import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { topics } from '#events';
import { SegmentReader } from '#event-log';
import { ServiceProcess } from '../e2e/service-process.js';

const help = `node dist/test/bench/native-tail.js [--lines 200000] [--json]

Measures how many lines of a native log a second the reconciler, as a process of its own, takes to its outbox on disk: from the moment
that it has its first record on disk to its last.
`;
const { values: flags } = parseArgs({
  options: {
    lines: { type: 'string', default: '200000' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (flags.help) process.stdout.write(help);
else await bench(Number(flags.lines));

async function bench(lines: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-tail-'));
  const file = join(folder, 'postgresql.json');
  const config = join(folder, 'sallyport.yml');
  writeFileSync(file, Array.from({ length: lines }, (_, i) => `${JSON.stringify(record(i))}\n`).join(''));
  writeFileSync(config, JSON.stringify({ dataDir: 'data', targets: [{ name: 'main', logs: { path: 'postgresql.json' } }] }));
  const reconciler = await new ServiceProcess('reconciler', config).start();
  try {
    const { seconds, counted } = await timed(join(folder, 'data'), lines);
    const rate = Math.round(counted / seconds);
    const result = { lines, bytes: statSync(file).size, seconds, linesPerSecond: rate };
    process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : `${lines} lines, ${rate} a second\n`);
  } finally {
    await reconciler.end('SIGTERM');
    rmSync(folder, { recursive: true });
  }
}

/** Counts what is durable, without a look into it. */
async function timed(dataDir: string, lines: number): Promise<{ readonly seconds: number; readonly counted: number }> {
  const reader = new SegmentReader({ dataDir, only: 'reconciler' });
  let began: { readonly at: number; readonly parts: number } | undefined;
  for (let parts = 0; ;) {
    await reader.consume({
      ...{ name: 'bench', topics: [topics.parts], from: () => parts, until: 'end', signal: new AbortController().signal },
      each: (batch) => {
        parts += batch.length;
        return Promise.resolve();
      },
    });
    if (parts > 0) began ??= { at: performance.now(), parts };
    if (began && parts >= lines) {
      await reader.close();
      return { seconds: (performance.now() - began.at) / 1000, counted: parts - began.parts };
    }
    await delay(50);
  }
}

/** A statement as a server logs it under log_statement=all, on one of fifty backends. */
function record(i: number): object {
  const at = new Date(1_790_000_000_000 + i).toISOString().replace('T', ' ').replace('Z', ' UTC');
  const pid = 1000 + (i % 50);
  return {
    ...{ timestamp: at, user: 'app', dbname: 'shop', pid, remote_host: '10.0.0.7', remote_port: 40_000 + (i % 50) },
    ...{ session_id: `6ab130f0.${pid.toString(16)}`, line_num: Math.floor(i / 50) + 3, ps: 'idle' },
    ...{ session_start: '2026-09-21 14:13:20 UTC', vxid: `3/${i}`, txid: 0, error_severity: 'LOG' },
    message: `statement: SELECT o.id, o.placed_at, o.total FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.id = ${i}`,
    ...{ application_name: 'shop-api', backend_type: 'client backend', query_id: 0 },
  };
}
