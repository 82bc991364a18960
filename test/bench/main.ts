import { chmodSync, existsSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pathOf, pgbench, pgbouncer } from '../parts.js';
import { makeCertificates } from '../tls/certificates.js';
import { keptBytes } from './kept.js';
import { libpq, type Path } from './path.js';
import { repeat, sample } from './pgbench.js';
import { startPgbouncer } from './pgbouncer.js';
import { startProxy } from './proxy.js';
import { type Line, linesOf, type Once, report } from './report.js';
import { interleave, median } from './rounds.js';
import { startTarget } from './target.js';
import { kinds, selectOnly, tpcB, workloads } from './workloads.js';

const help = `npm run bench -- [--seconds 3] [--rounds 3] [--scale 10] [--only select,tpcb,big,once] [--json]

Measures the proxy, buffered and strict, against direct connections and PgBouncer: every path once a round, odd rounds in reverse,
ratios inside a round. A run by default takes about eight minutes.
`;

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    scale: { type: 'string', default: '10' },
    only: { type: 'string', default: [...kinds, 'once'].join() },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** Newest first: what was started last is stopped first. */
const started: { stop: () => Promise<void> }[] = [];

if (flags.help) process.stdout.write(help);
else
  try {
    await bench();
  } finally {
    for (const one of started) await one.stop();
  }

async function bench(): Promise<void> {
  pathOf(pgbench);
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  chmodSync(folder, 0o755);
  remember({ stop: () => rm(folder, { recursive: true }) });
  const paths = await startPaths(folder);
  const wanted = flags.only.split(',');
  const once = wanted.includes('once') ? await measureOnce(paths) : [];
  const lines: Line[] = [];
  for (const workload of workloads(
    kinds.filter((kind) => wanted.includes(kind)),
    folder,
  )) {
    tell(workload.name);
    // A process compiles what it runs often while it runs: nobody measures that.
    for (const path of paths) await sample(path, workload, Number(flags.seconds));
    const rounds = await interleave(paths, Number(flags.rounds), (path) => sample(path, workload, Number(flags.seconds)));
    lines.push(...linesOf({ workload: workload.name, rounds }));
  }
  process.stdout.write(`${flags.json ? JSON.stringify({ lines, once }, null, 2) : report(lines, once)}\n`);
}

async function startPaths(folder: string): Promise<Path[]> {
  const certificates = await makeCertificates();
  tell('starting Postgres and filling its tables');
  const target = remember(await startTarget(certificates, Number(flags.scale)));
  const direct = (name: string, sslmode: 'disable' | 'require'): Path => ({
    name,
    env: libpq(target.port, sslmode),
    stop: () => Promise.resolve(),
  });
  const paths = [direct('direct', 'disable'), direct('direct, TLS', 'require')];
  if (pgbouncer.find() === undefined) tell(`PgBouncer is missing (get it from: ${pgbouncer.get}): nothing is compared with it`);
  else paths.push(remember(await startPgbouncer(join(folder, 'pgbouncer'), target.port, certificates)));
  if (!existsSync(fileURLToPath(new URL('../../services/proxy/main.js', import.meta.url)))) {
    tell('the proxy is not there: only what it would be compared with is measured');
    return paths;
  }
  for (const durability of ['buffered', 'strict'] as const)
    paths.push(remember(await startProxy(join(folder, durability), target.port, certificates, durability)));
  return paths;
}

/** What needs no rounds: how long it takes to connect, and what a few hundred statements add to the log. */
async function measureOnce(paths: readonly Path[]): Promise<Once[]> {
  const once: Once[] = [];
  for (const path of paths) {
    const connects: number[] = [];
    const kept: Record<string, number> = {};
    for (const workload of [selectOnly(1), tpcB(1)]) {
      const before = await keptBytes(path);
      connects.push((await repeat(path, workload, 300)).connectMs);
      kept[workload.name] = ((await keptBytes(path)) - before) / (300 * workload.statements);
    }
    once.push({ path: path.name, connectMs: median(connects), ...(path.dataDir !== undefined && { keptBytes: kept }) });
  }
  return once;
}

function remember<T extends { stop: () => Promise<void> }>(one: T): T {
  started.unshift(one);
  return one;
}

/** Progress goes to stderr; stdout is the result. */
function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}
