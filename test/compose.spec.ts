import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { topicShapes } from '#event-log';
import { type Topic, topics } from '#events';
import { compile } from '#policy';
import { loadConfig } from '#runtime';

interface Mount {
  readonly source: string;
  readonly target: string;
}
interface Service {
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly ports?: readonly string[];
  readonly configs?: readonly Mount[];
  readonly secrets?: readonly (Mount | string)[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly configs: Readonly<Record<string, { readonly file: string }>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly 'x-not-yet': readonly string[];
}

const compose = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const example = parse(readFileSync('deploy/sallyport.example.yml', 'utf8')) as {
  readonly listen: { readonly port: number };
  readonly api: { readonly port: number };
  readonly kafka: { readonly brokers: readonly string[] };
  readonly clickhouse: { readonly url: string };
  readonly targets: readonly { readonly host: string; readonly port: number }[];
};
const configured = ['proxy', 'projector', 'detector', 'exporter', 'api'] as const;

describe('docker-compose.yml', () => {
  it('runs programs that are there, those aside that it calls not yet there', () => {
    const programs = services.flatMap(([name, { command = [], entrypoint = [] }]) =>
      [...entrypoint, ...command]
        .filter((word) => word.startsWith('dist/'))
        .map((program) => ({ name, source: program.replace(/^dist\/(.*)\.js$/, '$1.ts') })),
    );
    expect(programs.map(({ name }) => name)).toEqual([...configured, 'cli']);
    expect(programs.filter(({ source }) => !existsSync(source)).map(({ name }) => name)).toEqual(compose['x-not-yet']);
  });

  it.each(configured)('gives the %s all that its part of the configuration names, in place', (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'compose-'));
    try {
      for (const [target, text] of filesIn(compose.services[name] ?? {})) {
        const file = join(folder, target.replace('/etc/sallyport/', ''));
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text);
      }
      expect(() => loadConfig(join(folder, 'sallyport.yml'), name, {})).not.toThrow();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has a policy that compiles', () => {
    expect(compile(readFileSync('deploy/compose/policy.yml'), 'policy.yml')).toMatchObject({
      policy: { roles: [{ role: { target: 'main' } }] },
    });
  });

  it('gives no secret to a service that does not need it', () => {
    const secrets = configured.map((name) => [name, sourcesOf(compose.services[name]?.secrets)]);
    expect(Object.fromEntries(secrets)).toEqual({
      proxy: ['proxy_key', 'app_login', 'catalog_login'],
      projector: ['clickhouse'],
      detector: [],
      exporter: [],
      api: ['clickhouse'],
    });
  });

  it('names nothing that it does not define, and defines nothing that it does not name', () => {
    const named = {
      configs: services.flatMap(([, { configs }]) => sourcesOf(configs)),
      secrets: services.flatMap(([, { secrets }]) => sourcesOf(secrets)),
      volumes: services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? '')),
    };
    for (const kind of ['configs', 'secrets', 'volumes'] as const)
      expect(new Set(named[kind])).toEqual(new Set(Object.keys(compose[kind])));
    const awaited = services.flatMap(([, { depends_on }]) => Object.keys(depends_on ?? {}));
    expect(awaited.filter((name) => !(name in compose.services))).toEqual([]);
  });

  it('mounts only files that the repository has, or that make-secrets.sh makes', () => {
    const made = /^deploy\/compose\/secrets\/(proxy\.pem|proxy\.key|app_login|catalog_login|clickhouse|postgres)$/;
    const files = [...Object.values(compose.configs), ...Object.values(compose.secrets)].map(({ file }) => file);
    expect(files.filter((file) => !existsSync(file) && !made.test(file))).toEqual([]);
  });

  it('publishes the ports that the services listen on, on this machine only', () => {
    expect(compose.services.proxy?.ports).toEqual([`127.0.0.1:${example.listen.port}:${example.listen.port}`]);
    expect(compose.services.api?.ports).toEqual([`127.0.0.1:${example.api.port}:${example.api.port}`]);
  });

  it('has every host that the configuration names', () => {
    const hosts = [
      ...example.kafka.brokers.map((broker) => broker.split(':')[0]),
      new URL(example.clickhouse.url).hostname,
      ...example.targets.map(({ host }) => host),
    ];
    expect(hosts.filter((host) => host === undefined || !(host in compose.services))).toEqual([]);
  });
});

describe('the set-up of topics', () => {
  const script = readFileSync('deploy/compose/topics.sh', 'utf8');
  const retention = new Map([...script.matchAll(/^(\w+)=(-?\d+)$/gm)].map(([, name, ms]) => [name, Number(ms)]));
  const made = [...script.matchAll(/^topic (\S+) (\d+) \$(\w+)/gm)];

  it('makes every topic, and no other', () => {
    expect(new Set(made.map(([, name]) => name as Topic))).toEqual(new Set(Object.values(topics)));
  });

  it('gives each the partitions and the retention that the services give it where they make it', () => {
    const shapes = made.map(([, name, count, kept]) => [
      name,
      { partitions: count === '1' ? 1 : 'many', retentionMs: retention.get(kept) },
    ]);
    expect(Object.fromEntries(shapes)).toEqual(topicShapes);
    expect(new Set(made.map(([, , count]) => count))).toEqual(new Set(['1', '12']));
  });
});

const sourcesOf = (mounts: readonly (Mount | string)[] = []): string[] =>
  mounts.map((mount) => (typeof mount === 'string' ? mount : mount.source));

/** What lies below /etc/sallyport in a service: path and text. Secrets are made up. */
function filesIn({ configs = [], secrets = [] }: Service): [string, string][] {
  const text = (source: string): string => {
    const file = compose.configs[source]?.file ?? '';
    return existsSync(file) ? readFileSync(file, 'utf8') : 'made up';
  };
  return [...configs, ...secrets.filter((secret) => typeof secret !== 'string')].map(({ source, target }) => [
    target,
    text(source),
  ]);
}
