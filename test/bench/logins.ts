import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect, type ConnectOptions, request } from '#pgwire';
import { type LocalIssuer, startIssuer } from '../issuer.js';
import { startPostgres } from '../postgres/index.js';
import { writeProxyConfig } from '../proxy-config.js';
import { type Certificates, makeCertificates } from '../tls/certificates.js';
import { database } from './path.js';
import { startService } from './proxy.js';
import { median } from './rounds.js';

const help = `node dist/test/bench/logins.js [--logins 200] [--at-once 16]

What it costs to log in with an access token whose issuer's keys are known: through the proxy, and direct. One after the other, then many
at once; each login is a connection that is opened, answered ReadyForQuery, and ended.
`;

const { values: flags } = parseArgs({
  options: {
    logins: { type: 'string', default: '200' },
    'at-once': { type: 'string', default: '16' },
    help: { type: 'boolean', default: false },
  },
});

/** Newest first: what was started last is stopped first. */
const started: (() => Promise<unknown>)[] = [];

if (flags.help) process.stdout.write(help);
else
  try {
    await bench();
  } finally {
    for (const stop of started) await stop();
  }

interface Way {
  readonly name: string;
  readonly options: ConnectOptions;
}

async function bench(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-logins-'));
  started.unshift(() => rm(folder, { recursive: true }));
  const certificates = await makeCertificates();
  const issuer = await startIssuer();
  started.unshift(() => issuer.stop());
  const lines = ['| | ms, median of one after the other | logins a second, many at once |', '| --- | ---: | ---: |'];
  for (const way of await ways(folder, certificates, issuer)) {
    await oneByOne(way, 30); // a process compiles what it runs often while it runs: nobody measures that
    const ms = await oneByOne(way, Number(flags.logins));
    const perSecond = await atOnce(way, Number(flags.logins) * 2, Number(flags['at-once']));
    lines.push(`| ${way.name} | ${median(ms).toFixed(1)} | ${perSecond.toFixed(0)} |`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function ways(folder: string, certificates: Certificates, issuer: LocalIssuer): Promise<readonly Way[]> {
  const postgres = await startPostgres({
    flags: ['fsync=on', 'max_connections=150', 'ssl=on'].flatMap((setting) => ['-c', setting]),
    files: { 'server.crt': certificates.cert, 'server.key': certificates.key },
    initSql: `CREATE ROLE ${database.login} LOGIN PASSWORD '${database.password}'`,
  });
  started.unshift(() => postgres.stop());
  const direct: ConnectOptions = {
    ...{ host: '127.0.0.1', port: postgres.port, user: database.login, password: database.password, database: 'postgres' },
    ...{ tls: { mode: 'disable' }, connectTimeoutMs: 10_000 },
  };
  const encrypted: ConnectOptions['tls'] = { mode: 'verify-full', ca: certificates.ca, servername: 'localhost' };
  const proxies: Way[] = [];
  for (const durability of ['buffered', 'strict'] as const) {
    const { file, port } = await writeProxyConfig({
      ...{ folder: join(folder, durability), certificates, durability },
      target: { port: postgres.port, database: direct.database, login: database.login, password: database.password },
    });
    const issuers = [{ issuer: issuer.url, audience: 'sallyport', algorithms: ['ES256'] }];
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), issuers }));
    const proxy = await startService('proxy', file);
    started.unshift(() => proxy.stop());
    const password = await issuer.sign({ sub: database.login, groups: ['everyone'] });
    proxies.push({ name: `proxy, ${durability}`, options: { ...direct, port, password, tls: encrypted } });
  }
  return [{ name: 'direct', options: direct }, { name: 'direct, TLS', options: { ...direct, tls: encrypted } }, ...proxies];
}

async function oneByOne({ options }: Way, logins: number): Promise<number[]> {
  const ms: number[] = [];
  for (let i = 0; i < logins; i++) {
    const began = performance.now();
    const { socket } = await connect(options);
    ms.push(performance.now() - began);
    await ended(socket);
  }
  return ms;
}

async function atOnce({ options }: Way, logins: number, lanes: number): Promise<number> {
  const began = performance.now();
  let left = logins;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await ended((await connect(options)).socket);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return logins / ((performance.now() - began) / 1000);
}

function ended(socket: Awaited<ReturnType<typeof connect>>['socket']): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => {
      resolve();
    });
    socket.resume().end(request.terminate());
  });
}
