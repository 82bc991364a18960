import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { ServiceTokens } from '#identity';
import { type Postgres, type PostgresOptions, startPostgres } from '../postgres/index.js';
import { freePort } from '../ports.js';
import { readRecord, type WrittenRecord } from '../record.js';
import { heldAgainstRecord, startTap, type Tap } from '../tap/index.js';
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
  readonly limits?: Readonly<Record<string, number | string>>;
  /** Whose tokens the proxy takes beside service tokens: `issuers` of the configuration. */
  readonly issuers?: readonly object[];
  /** `listen.oauth` of the configuration. */
  readonly oauth?: object;
  /** Kafka brokers, `host:port`. Each service then has a data directory of its own: they have nothing in common but Kafka. */
  readonly brokers?: readonly string[];
  /** Run beside the proxy. */
  readonly services?: readonly Service[];
  /** Where the projector projects to, on this machine. */
  readonly clickhouse?: { readonly port: number; readonly password: string };
  /** Where the proxy keeps its data; absent: a folder of this world. */
  readonly dataDir?: string;
  readonly segmentMiB?: number;
  /** Where passwords of logins are, where not in files of this world; logins beside `login` and `catalogLogin` are the test's own to make. */
  readonly passwords?: Readonly<Record<string, object>>;
  /** The section `secrets`. */
  readonly secrets?: object;
  /** The target's `logs`, but for their path where that is the server's own directory. */
  readonly logs?: { readonly path?: string; readonly [key: string]: unknown };
}

export type Service = 'projector' | 'detector' | 'exporter' | 'reconciler';

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
  /** What it logged since it was started. */
  readonly proxyLog: () => string;
  /** Past the tap, for bytes that make no session: one that they did make would be unaccounted for. */
  readonly proxyPort: number;
  /** Direct, as superuser. */
  readonly direct: (database?: string) => Promise<pg.Client>;
  readonly token: (name: string, groups: readonly string[], kind?: 'agent' | 'service') => Promise<string>;
  /** Revokes a service token, as `sallyport token revoke` does. */
  readonly revoke: (token: string) => Promise<void>;
  /** node-postgres' settings for a client behind the tap. */
  readonly client: (user: string, token: string, database?: string) => pg.ClientConfig;
  readonly connect: (user: string, token: string, database?: string) => Promise<pg.Client>;
  readonly killProxy: () => Promise<void>;
  /** Asks it to stop. */
  readonly stopProxy: () => Promise<void>;
  readonly startProxy: () => Promise<void>;
  /** All that is on record, once the proxy was asked to stop or is idle. */
  readonly record: () => Promise<WrittenRecord>;
  /** Waits until every client is gone and its session on record as closed. One line for all that is not accounted for as it should be. */
  readonly unaccounted: () => Promise<string[]>;
  /** Ends everything. @throws when something is unaccounted for */
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
      ...(options.oauth && { oauth: options.oauth }),
    },
    targets: [
      {
        name: 'main',
        host: '127.0.0.1',
        port: postgres.port,
        databases: ['app', ...(options.databases ?? [])],
        tls: { mode: 'disable' },
        durability: options.durability ?? 'strict',
        logins: Object.entries({
          [login.name]: { file: file('login', login.password) },
          [catalogLogin.name]: { file: file('catalog', catalogLogin.password) },
          ...options.passwords,
        }).map(([name, password]) => ({ name, password })),
        catalog: { login: catalogLogin.name },
        ...(options.logs && { logs: { path: join(postgres.dataDir, 'log'), ...options.logs } }),
      },
    ],
    ...(options.issuers && { issuers: options.issuers }),
    tokens: { file: tokens },
    policy: file('policy.yml', options.policy),
    log: { segmentMiB: options.segmentMiB ?? 8 },
    clickhouse: {
      ...(options.clickhouse && { port: options.clickhouse.port }),
      password: { file: file('clickhouse', options.clickhouse?.password ?? 'unused') },
    },
    ...(options.brokers && { kafka: { brokers: options.brokers } }),
    ...(options.limits && { limits: options.limits }),
    ...(options.secrets && { secrets: options.secrets }),
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

  const unaccounted = (): Promise<string[]> => heldAgainstRecord(tap, dataDir);
  return {
    postgres,
    tap,
    dataDir,
    dataDirOf,
    services,
    certificates,
    proxyPid: () => proxy.pid,
    proxyLog: () => proxy.log,
    proxyPort,
    direct,
    token: async (name, groups, kind = 'service') =>
      (await serviceTokens.create({ name, groups: [...groups], ttlMs: 3_600_000, kind }, Date.now())).token,
    revoke: async (token) => {
      await serviceTokens.revoke(token.split('_')[1] ?? '', Date.now());
    },
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
    stopProxy: async () => {
      await proxy.end('SIGTERM');
    },
    startProxy: async () => {
      await proxy.start();
    },
    record: () => readRecord(dataDir),
    unaccounted,
    stop: async () => {
      const lines = await unaccounted();
      await tap.close();
      await proxy.end('SIGTERM');
      await Promise.all(Object.values(services).map((service) => service.end('SIGTERM')));
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
      if (lines.length > 0) throw new Error(`what is on record is not what the tap saw:\n${lines.join('\n')}`);
    },
  };
}
