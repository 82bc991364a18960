import { mkdirSync, rmSync } from 'node:fs';
import type { ExitCode } from '#runtime';
import { hasSecret, replaceFile, secretFile, type ServerCertificate, serverCertificate } from '#secrets';
import { clientOf, type DemoRole, demoRoles, fetchToken, writeProviderSettings } from './cast.js';
import { apiUrl, type DemoPorts, issuerUrl, loginPassword, writeDemoConfig } from './demo-config.js';
import { type DemoFile, removeDemoFile, writeDemoFile } from './demo-file.js';
import { farewell } from './farewell.js';
import { type Home, openHome } from './files.js';
import { takeLock } from './lock.js';
import { reservePort, type ReservedPort } from './ports.js';
import { initialise, isInitialised, superuser } from './postgres/cluster.js';
import type { KeeperSettings } from './postgres/main.js';
import { findPlace, type PostgresPlace, removeData } from './postgres/place.js';
import type { Progress } from './progress.js';
import { embeddedUnit, type Programs, serviceStages, stopStages } from './services.js';
import { openShop, shopDatabase, shopLogins } from './shop/shop.js';
import { play, type StoryContext } from './story.js';
import { Supervisor } from './supervisor.js';
import { openTopics } from './topics.js';
import { untilStopped } from './until-stopped.js';

export interface DemoOptions {
  /** The folder `.sallyport`. */
  readonly folder: string;
  readonly data: 'kept' | 'afresh';
  readonly story: 'played' | 'left out';
  /** Kafka brokers, host:port. None: the event log is on disk. */
  readonly brokers: readonly string[];
  readonly programs: Programs;
  readonly progress: Progress;
}

/** Runs the demo until it is stopped. */
export async function runDemo(options: DemoOptions): Promise<ExitCode> {
  const { progress } = options;
  const home = openHome(options.folder);
  const release = takeLock(home.lock);
  const supervisor = new Supervisor(home.logs);
  try {
    return await untilStopped(
      {
        work: (signal) => startDemo(options, home, supervisor, signal),
        failure: supervisor.failure,
        stop: () => {
          removeDemoFile(home.demo);
          return supervisor.stop(stopStages);
        },
      },
      (line) => {
        progress.say(line);
      },
    );
  } finally {
    removeDemoFile(home.demo);
    release();
  }
}

async function startDemo(options: DemoOptions, home: Home, supervisor: Supervisor, signal: AbortSignal): Promise<void> {
  const { progress, programs } = options;
  const place = await findPlace(home.root);
  // Data outside of the clone may be that of a clone which is gone, and its password with it.
  if (options.data === 'afresh' || !hasSecret(home.secrets, 'postgres.password')) forget(home, place);
  const reserved = await reservePorts();
  const ports = numbersOf(reserved);
  const tls = await serverCertificate(home.secrets, Date.now());
  writeDemoConfig(home, ports, tls, options.brokers);

  const password = secretFile(home.secrets, 'postgres.password').value;
  if (!isInitialised(place)) await progress.step('a Postgres cluster is made', () => initialise(place, password, signal));
  replaceFile(home.postgres, JSON.stringify({ place, port: ports.postgres } satisfies KeeperSettings));
  const providerSettings = writeProviderSettings(home, ports);
  await progress.step(`Postgres 18 answers on port ${ports.postgres}, the identity provider on ${ports.issuer}`, async () => {
    await Promise.all([reserved.postgres.release(), reserved.issuer.release()]);
    await Promise.all([
      supervisor.start(embeddedUnit('postgres', home.postgres)),
      supervisor.start(embeddedUnit('identity-provider', providerSettings)),
    ]);
  });
  await progress.step('the shop is open', () => openDemoShop(home, ports, password));
  const say = (line: string): void => {
    progress.say(line);
  };
  if (options.brokers.length > 0)
    await progress.step(`Kafka at ${options.brokers.join(', ')} has the topics`, () =>
      openTopics({ brokers: options.brokers }, say),
    );
  for (const stage of serviceStages(programs, home.config)) {
    if (stage.length === 0) continue;
    await progress.step(`${stage.map(({ name }) => name).join(', ')} started`, async () => {
      for (const { name } of stage) if (isPorted(name)) await reserved[name].release();
      await Promise.all(stage.map((unit) => supervisor.start(unit)));
    });
  }

  const demo = await describe(home, ports, tls, supervisor);
  signal.throwIfAborted();
  writeDemoFile(home.demo, { ...demo, story: 'running' });
  const played =
    options.story === 'played'
      ? await tellStory(options, signal, {
          proxy: { host: '127.0.0.1', port: ports.proxy, ca: tls.ca },
          database: shopDatabase,
          apiUrl: demo.apiUrl,
          dataDir: home.data,
          clientOf: (role) => clientOf(home, role),
          fetchToken: (client) => fetchToken(issuerUrl(ports), client),
        })
      : undefined;
  signal.throwIfAborted();
  writeDemoFile(home.demo, { ...demo, story: 'done' });
  progress.say(farewell(home, ports, tls, demo, played));
}

/** A story that breaks off is told so; the demo goes on. @returns the played session */
async function tellStory(
  { progress }: DemoOptions,
  signal: AbortSignal,
  scene: Omit<StoryContext, 'say' | 'signal'>,
): Promise<string | undefined> {
  const say = (line: string): void => {
    progress.say(line);
  };
  say('');
  try {
    return await play({ ...scene, say, signal });
  } catch (error) {
    signal.throwIfAborted();
    say(`The played session broke off: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

async function reservePorts(): Promise<Record<keyof DemoPorts, ReservedPort>> {
  return {
    proxy: await reservePort(6432),
    api: await reservePort(8080),
    clickhouse: await reservePort(8123),
    postgres: await reservePort(5442),
    issuer: await reservePort(9400),
  };
}

const numbersOf = ({ proxy, api, clickhouse, postgres, issuer }: Record<keyof DemoPorts, ReservedPort>): DemoPorts => ({
  ...{ proxy: proxy.port, api: api.port, clickhouse: clickhouse.port },
  ...{ postgres: postgres.port, issuer: issuer.port },
});

const isPorted = (service: string): service is 'proxy' | 'api' | 'clickhouse' => ['proxy', 'api', 'clickhouse'].includes(service);

/** Everything but the secrets: the same clone keeps its certificates and clients. */
function forget(home: Home, place: PostgresPlace): void {
  removeData(place);
  rmSync(home.data, { recursive: true, force: true });
  mkdirSync(home.data, { mode: 0o700 });
}

const openDemoShop = (home: Home, { postgres: port }: DemoPorts, password: string): Promise<void> =>
  openShop(
    { host: '127.0.0.1', port, user: superuser, password },
    Object.fromEntries(shopLogins.map((login) => [login, loginPassword(home, login).value])) as Parameters<typeof openShop>[1],
  );

async function describe(
  home: Home,
  ports: DemoPorts,
  tls: ServerCertificate,
  supervisor: Supervisor,
): Promise<Omit<DemoFile, 'story'>> {
  const tokens = Object.fromEntries(
    await Promise.all(demoRoles.map(async (role) => [role, await fetchToken(issuerUrl(ports), clientOf(home, role))] as const)),
  ) as Record<DemoRole, string>;
  const proxy = new URL(`postgresql://127.0.0.1:${ports.proxy}/${shopDatabase}`);
  proxy.username = clientOf(home, 'agent').id;
  proxy.password = tokens.agent;
  proxy.search = new URLSearchParams({ sslmode: 'require', sslrootcert: tls.ca }).toString();
  return {
    proxyUrl: proxy.href,
    directUrl: `postgresql://${superuser}:${secretFile(home.secrets, 'postgres.password').value}@127.0.0.1:${ports.postgres}/${shopDatabase}`,
    apiUrl: apiUrl(ports),
    // In the fragment: a browser sends it to nobody, so no log has it.
    consoleUrl: `${apiUrl(ports)}/#code=${secretFile(home.secrets, 'console.code').value}`,
    tokens,
    pids: { standalone: process.pid, ...supervisor.pids },
    dataDir: home.data,
  };
}
