import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { decodePartRecord, type Event, eventId, parseEvent, type PartRecord, topics } from '#events';
import { SegmentReader } from '#event-log';
import { ServiceTokens } from '#identity';
import { type Postgres, type PostgresOptions, startPostgres } from '../postgres/index.js';
import { expectAccounted, startTap, type Tap } from '../tap/index.js';
import { type Certificates, makeCertificates } from '../tls/certificates.js';
import { ServiceProcess } from './service-process.js';

export interface WorldOptions {
  readonly policy: string;
  readonly durability?: 'strict' | 'buffered';
  /** Databases that are served beside `app`. */
  readonly databases?: readonly string[];
  /** Run as superuser in the database `app`. */
  readonly initSql?: string;
  readonly postgres?: PostgresOptions;
  readonly limits?: Readonly<Record<string, number>>;
  /** Kafka brokers, `host:port`. Each service then has a data directory of its own: they have nothing in common but Kafka. */
  readonly brokers?: readonly string[];
  /** Run beside the proxy. */
  readonly services?: readonly Service[];
  /** Where the projector projects to, on this machine. */
  readonly clickhouse?: { readonly port: number; readonly password: string };
  /** Where the proxy keeps its data; absent: a folder of this world. */
  readonly dataDir?: string;
  readonly segmentMiB?: number;
}

export type Service = 'projector' | 'detector' | 'exporter';

/** A Postgres of its own, a proxy process before it, and a tap before that: every client of a test goes through the tap. */
export interface World {
  readonly postgres: Postgres;
  readonly tap: Tap;
  /** The proxy's. */
  readonly dataDir: string;
  readonly dataDirOf: (service: Service) => string;
  readonly services: Readonly<Partial<Record<Service, ServiceProcess>>>;
  readonly certificates: Certificates;
  readonly proxyPid: () => number;
  /** Past the tap: for load, never for a test of what is on record. */
  readonly proxyPort: number;
  /** Direct, as superuser. */
  readonly direct: (database?: string) => Promise<pg.Client>;
  readonly token: (name: string, groups: readonly string[], kind?: 'agent' | 'service') => Promise<string>;
  /** node-postgres' settings for a client behind the tap. */
  readonly client: (user: string, token: string, database?: string) => pg.ClientConfig;
  readonly connect: (user: string, token: string, database?: string) => Promise<pg.Client>;
  readonly killProxy: () => Promise<void>;
  readonly startProxy: () => Promise<void>;
  /** All that is on record, once the proxy was asked to stop or is idle. */
  readonly record: () => Promise<{ readonly events: readonly Event[]; readonly parts: readonly PartRecord[] }>;
  /**
   * Waits until every client is gone and its session on record as closed; then compares both streams of each with what the tap saw.
   * One line for each byte that is not accounted for as it should be.
   */
  readonly unaccounted: () => Promise<string[]>;
  readonly stop: () => Promise<void>;
}

export const login = { name: 'app_login', password: 'a-login-that-clients-never-see' };
export const catalogLogin = { name: 'catalog_login', password: 'reads-the-catalog' };

export async function startWorld(options: WorldOptions): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-world-'));
  chmodSync(folder, 0o755);
  const certificates = await makeCertificates();
  const postgres = await startPostgres({
    ...options.postgres,
    flags: ['-c', 'fsync=off', '-c', 'max_connections=60', ...(options.postgres?.flags ?? [])],
    initSql: `CREATE ROLE ${login.name} LOGIN PASSWORD '${login.password}';
      CREATE ROLE ${catalogLogin.name} LOGIN PASSWORD '${catalogLogin.password}'; ${options.postgres?.initSql ?? ''}`,
  });
  const direct = async (database = 'app'): Promise<pg.Client> => {
    const url = new URL(postgres.superuserUrl);
    url.pathname = `/${database}`;
    const client = new pg.Client({ connectionString: url.href });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const admin = await direct('postgres');
  await admin.query(`CREATE DATABASE app OWNER ${login.name}`);
  await admin.end();
  if (options.initSql !== undefined) {
    const owner = await direct();
    await owner.query(options.initSql);
    await owner.end();
  }

  const dataDir = options.dataDir ?? join(folder, 'data');
  const secrets = join(folder, 'secrets');
  mkdirSync(secrets, { mode: 0o700 });
  const file = (name: string, text: string): string => {
    const path = join(secrets, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const tokens = join(secrets, 'tokens.json');
  const proxyPort = await freePort();
  const config = {
    dataDir,
    listen: {
      host: '127.0.0.1',
      port: proxyPort,
      tls: { cert: file('cert.pem', certificates.cert), key: file('key.pem', certificates.key) },
    },
    targets: [
      {
        name: 'main',
        host: '127.0.0.1',
        port: postgres.port,
        databases: ['app', ...(options.databases ?? [])],
        tls: { mode: 'disable' },
        durability: options.durability ?? 'strict',
        logins: [
          { name: login.name, password: { file: file('login', login.password) } },
          { name: catalogLogin.name, password: { file: file('catalog', catalogLogin.password) } },
        ],
        catalog: { login: catalogLogin.name },
      },
    ],
    tokens: { file: tokens },
    policy: file('policy.yml', options.policy),
    log: { segmentMiB: options.segmentMiB ?? 8 },
    clickhouse: {
      ...(options.clickhouse && { port: options.clickhouse.port }),
      password: { file: file('clickhouse', options.clickhouse?.password ?? 'unused') },
    },
    ...(options.brokers && { kafka: { brokers: options.brokers } }),
    ...(options.limits && { limits: options.limits }),
  };
  const configFile = file('sallyport.yml', JSON.stringify(config));
  const serviceTokens = new ServiceTokens(tokens);

  const proxy = await new ServiceProcess('proxy', configFile).start();
  const dataDirOf = (service: Service): string => (options.brokers ? join(folder, service) : dataDir);
  const services = Object.fromEntries(
    await Promise.all(
      (options.services ?? []).map(async (service) => {
        const own = file(`${service}.yml`, JSON.stringify({ ...config, dataDir: dataDirOf(service) }));
        return [service, await new ServiceProcess(service, own).start()] as const;
      }),
    ),
  ) as World['services'];
  const tap = await startTap({ upstream: { host: '127.0.0.1', port: proxyPort }, tls: certificates });
  const client = (user: string, token: string, database = 'app'): pg.ClientConfig => ({
    host: '127.0.0.1',
    port: tap.port,
    user,
    password: token,
    database,
    ssl: { ca: certificates.ca, servername: 'localhost' },
  });

  return {
    postgres,
    tap,
    dataDir,
    dataDirOf,
    services,
    certificates,
    proxyPid: () => proxy.pid,
    proxyPort,
    direct,
    token: async (name, groups, kind = 'service') =>
      (await serviceTokens.create({ name, groups: [...groups], ttlMs: 3_600_000, kind }, Date.now())).token,
    client,
    connect: async (user, token, database) => {
      const connected = new pg.Client(client(user, token, database));
      connected.on('error', () => undefined);
      await connected.connect();
      return connected;
    },
    killProxy: async () => {
      await proxy.end('SIGKILL');
    },
    startProxy: async () => {
      await proxy.start();
    },
    record: () => readRecord(dataDir),
    unaccounted: async () => {
      const settled = await Promise.race([tap.settled().then(() => true), setTimeout(5_000, false, { ref: false })]);
      if (!settled) return tap.sessions().flatMap((one, i) => (one.closed ? [] : [`connection ${i} of a test is still open`]));
      const tapped = tap.sessions().filter(({ backendPid }) => backendPid !== undefined);
      const deadline = Date.now() + 10_000;
      for (;;) {
        await setTimeout(20);
        const { events, parts } = await readRecord(dataDir);
        const sessions = tapped.map((session) => {
          const ready = events.find((event) => event.type === 'session.ready' && event.data.backend === session.backendPid);
          return { session, events: events.filter((event) => event.session === ready?.session) };
        });
        const open = sessions.filter((one) => one.events.at(-1)?.type !== 'session.closed').length;
        if (open > 0 && Date.now() < deadline) continue;
        if (open > 0) return [`${open} of ${sessions.length} sessions are not on record as closed`];
        return sessions.flatMap((one) => {
          const ids = new Set(one.events.map(eventId));
          return expectAccounted(
            one.session,
            one.events,
            parts.filter(({ header }) => ids.has(eventId(header))),
          );
        });
      }
    },
    stop: async () => {
      await tap.close();
      await proxy.end('SIGTERM');
      await Promise.all(Object.values(services).map((service) => service.end('SIGTERM')));
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Everything on record in a data directory, in the order of the log. */
export async function readRecord(dataDir: string): Promise<{ events: Event[]; parts: PartRecord[] }> {
  const reader = new SegmentReader({ dataDir });
  const events: Event[] = [];
  const parts: PartRecord[] = [];
  await reader.consume({
    name: 'test',
    topics: [topics.events, topics.parts, topics.control],
    from: () => 0,
    until: 'end',
    signal: new AbortController().signal,
    each: (batch) => {
      for (const { topic, value } of batch) {
        if (topic === topics.parts) parts.push(copyOf(decodePartRecord(value)));
        else events.push(parseEvent(value));
      }
      return Promise.resolve();
    },
  });
  await reader.close();
  return { events, parts };
}

const copyOf = ({ header, salt, bytes }: PartRecord): PartRecord => ({
  header,
  salt: Buffer.from(salt),
  bytes: Buffer.from(bytes),
});

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || !address) throw new Error('no port');
  return address.port;
}
