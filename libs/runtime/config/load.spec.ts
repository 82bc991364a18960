import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigInvalid, configJsonSchema, loadConfig } from '#runtime';

describe('loadConfig', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'config-'));
    for (const name of ['server.pem', 'server.key', 'policy.yml']) writeFileSync(join(folder, name), 'x');
    writeFileSync(join(folder, 'billing.password'), 'correct horse\n');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const written = (text: string): string => {
    const file = join(folder, 'sallyport.yml');
    writeFileSync(file, text);
    return file;
  };
  const problems = (text: string, part: 'proxy' | 'standalone' = 'proxy'): string[] => {
    try {
      loadConfig(written(text), part, {});
    } catch (error) {
      if (error instanceof ConfigInvalid) return error.message.replaceAll(`${folder}/`, '').split('\n');
      throw error;
    }
    return [];
  };

  const good = `
dataDir: data
listen:
  tls: { cert: server.pem, key: server.key }
targets:
  - name: shop
    host: 127.0.0.1
    databases: [shop]
    tls: { mode: disable }
    logins:
      - { name: billing, password: { file: billing.password } }
      - { name: catalog, password: { env: CATALOG } }
    catalog: { login: catalog }
issuers:
  - { issuer: 'https://id.example', audience: sallyport }
policy: policy.yml
clickhouse: { password: { env: CLICKHOUSE } }
`;

  it('gives a service its part: paths from the file, where passwords are, defaults filled in', () => {
    const { targets, listen, dataDir, issuers, limits, log } = loadConfig(written(good), 'proxy', { CATALOG: 'battery' });
    expect({ dataDir, listen, limits, log }).toEqual({
      dataDir: join(folder, 'data'),
      listen: {
        host: '127.0.0.1',
        port: 6432,
        tls: { cert: join(folder, 'server.pem'), key: join(folder, 'server.key') },
        authentication: 'by-option',
        oauth: { scope: '' },
      },
      limits: { connections: 200, messageMiB: 64, startupSeconds: 10, tokenExpiry: 'statement', graceSeconds: 60 },
      log: { segmentMiB: 64 },
    });
    expect(targets[0]?.logins.map(({ name, password }) => [name, password])).toEqual([
      ['billing', { file: join(folder, 'billing.password') }],
      ['catalog', { env: 'CATALOG' }],
    ]);
    expect(targets[0]).toMatchObject({ durability: 'strict', port: 5432, untested: false });
    expect(issuers[0]?.claims).toEqual({ subject: 'sub', groups: 'groups' });
  });

  it('does not look at the sections of other services', () => {
    const config = loadConfig(written(good), 'detector', {});
    expect(config).toEqual({ dataDir: join(folder, 'data'), log: { segmentMiB: 64 } });
  });

  it('knows the embedded ClickHouse from a server', () => {
    const { clickhouse } = loadConfig(written(good), 'projector', { CLICKHOUSE: 'x' });
    expect(clickhouse).toMatchObject({ embedded: true, url: 'http://127.0.0.1:8123', database: 'sallyport' });
  });

  it('tells every problem at once, each with its place, its key and a reason', () => {
    expect(
      problems(`dataDir: 3
listen: { port: 70000, tls: { cert: missing.pem, key: server.key } }
targets:
  - name: Shop!
    host: 127.0.0.1
    databases: []
    logins: [{ name: a, password: { env: UNSET_HERE } }]
    catalog: { login: b }
    colour: blue
issuers: [{ issuer: 'http://id.example', audience: sallyport, algorithms: [HS256] }]
polici: policy.yml
`),
    ).toEqual([
      'sallyport.yml:1:1 policy: is missing',
      'sallyport.yml:1:10 dataDir: Invalid input: expected string, received number',
      'sallyport.yml:2:17 listen.port: Too big: expected number to be <=65535',
      'sallyport.yml:2:37 listen.tls.cert: this file cannot be read (ENOENT)',
      'sallyport.yml:4:11 targets[0].name: must be lower case letters, digits, _ and -, a letter first',
      'sallyport.yml:6:5 targets[0].databases: Too small: expected array to have >=1 items',
      'sallyport.yml:7:25 targets[0].logins[0].password: this environment variable is not set',
      'sallyport.yml:9:5 targets[0].colour: is not a key that is known here',
      'sallyport.yml:10:21 issuers[0].issuer: must be https, except on this machine',
      'sallyport.yml:10:76 issuers[0].algorithms[0]: Invalid option: expected one of "RS256"|"RS384"|"RS512"|"PS256"|"PS384"|"PS512"|"ES256"|"ES384"|"ES512"|"EdDSA"|"Ed25519"',
      'sallyport.yml:11:1 polici: is not a key that is known here; did you mean policy?',
    ]);
  });

  it('does not look through a file that is no configuration', () => {
    expect(problems(`# ${'a'.repeat(1024 * 1024)}\n${good}`)).toEqual(['sallyport.yml:1:1 is larger than 1 MiB']);
  });

  it.each([
    ['in place of a reference', 'password: hunter2'],
    ['as the name of a variable', 'password: { env: hunter2 }'],
    ['as the name of a file', 'password: { file: hunter2 }'],
    ['as a key', 'password: { hunter2 }'],
    ['that YAML takes for an alias', 'password: *hunter2'],
    ['that YAML takes for a tag', 'password: !hunter2'],
    ['in a broken quote', 'password: "hunter2'],
    ['in a broken map', 'password: { env: [hunter2 }'],
    ['beside its key', 'password hunter2'],
  ])('repeats no secret that was written %s', (_, line) => {
    const told = problems(`clickhouse:\n  ${line}\n`, 'standalone');
    expect(told.length).toBeGreaterThan(0);
    expect(told.join('\n')).not.toContain('hunter2');
  });

  it.each([
    ['{ sealed: eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn }', 'needs secrets.key, which is not given'],
    ['{ sealed: hunter2 }', 'is not what `sallyport secrets seal` prints'],
    ['{ vault: { path: secret/data/shop, field: password } }', 'needs secrets.vault, which is not given'],
    ['{ command: aws rds generate-db-auth-token }', 'must be { env: NAME }, { file: path }, { sealed: JWE }'],
  ])('says what a login misses whose password is %s', (password, why) => {
    const told = problems(
      good.replace('{ file: billing.password }', password).replace('{ env: CATALOG }', '{ file: billing.password }'),
    );
    expect(told.join('\n')).toContain(why);
    expect(told.join('\n')).not.toContain('hunter2');
  });

  it('refuses a catalog login that is not among the logins, and a name that is there twice', () => {
    const twice = good.replace('{ login: catalog }', '{ login: other }').replace('name: catalog,', 'name: billing,');
    expect(problems(twice.replace('{ env: CATALOG }', '{ file: billing.password }'))).toEqual([
      'sallyport.yml:10:5 targets[0].logins: a name is there twice',
      'sallyport.yml:13:23 targets[0].catalog.login: is not the name of one of the logins',
    ]);
  });

  it('refuses a file by which nobody could log in', () => {
    const [told] = problems(good.replace(/issuers:\n.*\n/, '').replace('{ env: CATALOG }', '{ file: billing.password }'));
    expect(told).toContain('issuers: neither issuers nor tokens are given, so nobody could log in');
  });

  it('refuses to send clients to an issuer whose tokens it would not take', () => {
    const elsewhere = good
      .replace('listen:\n', 'listen:\n  oauth: { issuer: https://elsewhere.example }\n')
      .replace('{ env: CATALOG }', '{ file: billing.password }');
    expect(problems(elsewhere)).toEqual(['sallyport.yml:4:20 listen.oauth.issuer: is not one of the issuers']);
  });

  it('keeps a secret from whoever prints the configuration', () => {
    const config = loadConfig(written(good), 'projector', { CLICKHOUSE: 'hunter2' });
    expect(`${JSON.stringify(config)} ${String(config.clickhouse.password)}`).not.toContain('hunter2');
  });

  it('says so when there is no file', () => {
    expect(() => loadConfig('/nowhere/sallyport.yml', 'proxy', {})).toThrow('/nowhere/sallyport.yml:1:1 cannot be read (ENOENT)');
  });
});

describe('configJsonSchema', () => {
  it('describes every key', () => {
    const undescribed: string[] = [];
    const visit = (schema: Node, at: string): void => {
      for (const [key, inner] of Object.entries(schema.properties ?? {})) {
        // The two ways to refer to a secret are explained where the secret is.
        if (!inner.description && key !== 'env' && key !== 'file') undescribed.push(`${at}.${key}`);
        visit(inner, `${at}.${key}`);
      }
      if (schema.items) visit(schema.items, `${at}[]`);
    };
    visit(configJsonSchema(), '');
    expect(undescribed).toEqual([]);
  });
});

interface Node {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
}
