import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Secret } from '#runtime';
import { seal, sealingKeys, unseal } from '#secrets';
import { type Captured, capture } from '../testing/captured.js';

describe('secrets', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'secrets-'));
    writeFileSync(join(folder, 'sallyport.yml'), 'secrets: { key: { file: keys } }\n');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const run = (args: readonly string[], stdin = '', env: Record<string, string> = {}): Promise<Captured> =>
    capture(['secrets', ...args], { env, cwd: folder, stdin: new PassThrough().end(stdin) }, () =>
      Promise.reject(new Error('it opened the log')),
    );
  const json = async (args: readonly string[], stdin?: string): Promise<unknown> =>
    JSON.parse((await run([...args, '--json'], stdin)).out);
  const keys = () => sealingKeys(new Secret(readFileSync(join(folder, 'keys'), 'utf8')));
  const configuration = (text?: string): string => {
    if (text !== undefined) writeFileSync(join(folder, 'sallyport.yml'), text);
    return readFileSync(join(folder, 'sallyport.yml'), 'utf8');
  };

  it('makes a key that only its owner reads, and puts no other in its place', async () => {
    expect(await json(['key', '--out', 'keys'])).toEqual({ file: join(folder, 'keys'), kid: keys()[0].kid });
    expect(statSync(join(folder, 'keys')).mode & 0o777).toBe(0o600);
    const [first] = keys();
    expect(await run(['key', '--out', 'keys'])).toMatchObject({ code: 2, err: expect.stringContaining('--add') as unknown });
    expect((await run(['key', '--out', 'keys', '--add'])).code).toBe(0);
    expect(keys().map(({ kid }) => kid)).toEqual([expect.not.stringMatching(first.kid), first.kid]);
    expect(await run(['key', '--out', 'sallyport.yml', '--add'])).toMatchObject({ code: 2, out: '' });
  });

  it('seals what comes in, without its last line break, and shows no more than that', async () => {
    await run(['key', '--out', 'keys']);
    const { code, out, err } = await run(['seal'], 'correct horse\n\n');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect((await unseal(out.trim(), keys())).reveal()).toBe('correct horse\n');
    expect(await json(['seal'], 'x')).toEqual({ sealed: expect.any(String) as unknown, kid: keys()[0].kid });
    expect(await run(['seal'], '\n')).toMatchObject({ code: 2, out: '' });
    expect(await run(['seal', 'hunter2'])).toMatchObject({ code: 2, out: '' });
  });

  it('says how to get a key where there is none', async () => {
    expect(await run(['seal'], 'x')).toMatchObject({ code: 2, err: expect.stringContaining('ENOENT') as unknown });
    configuration('dataDir: data\n');
    expect(await run(['seal'], 'x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('sallyport secrets key --out') as unknown,
    });
  });

  it('seals anew under the newest key, and leaves the rest of the file as it is', async () => {
    await run(['key', '--out', 'keys']);
    const one = await seal(new Secret('one'), keys()[0]);
    const two = await seal(new Secret('two'), keys()[0]);
    const text = (first: string, second: string): string => `# of ours
secrets: { key: { file: keys } }   # the keys
targets:
  - name: shop
    logins:
      - { name: app,   password: { sealed: "${first}" } } # rotated in May
      - name: catalog
        password:
          sealed: ${second}
          # the end
    host: 'db'
`;
    configuration(text(one, two));
    chmodSync(join(folder, 'sallyport.yml'), 0o640);
    await run(['key', '--out', 'keys', '--add']);
    const names = ['targets/shop/logins/app', 'targets/shop/logins/catalog'];
    const [{ kid }] = keys();
    expect(await json(['rotate', '--dry-run'])).toEqual({ kid, rotated: names, written: false });
    expect(configuration()).toBe(text(one, two));
    expect(await json(['rotate'])).toEqual({ kid, rotated: names, written: true });
    const [first = '', second = ''] = configuration().match(/ey[\w-]+\.\.[\w.-]+/g) ?? [];
    expect(configuration()).toBe(text(first, second).replace(`"${first}"`, first));
    expect(statSync(join(folder, 'sallyport.yml')).mode & 0o777).toBe(0o640);
    expect((await unseal(first, [keys()[0]])).reveal()).toBe('one');
    expect((await unseal(second, [keys()[0]])).reveal()).toBe('two');
    expect(await json(['rotate'])).toEqual({ kid, rotated: [], written: false });
  });

  it('writes nothing when one of them does not open', async () => {
    await run(['key', '--out', 'keys']);
    const lost = await seal(new Secret('one'), keys()[0]);
    rmSync(join(folder, 'keys'));
    await run(['key', '--out', 'keys']);
    const text = `secrets: { key: { file: keys } }\nclickhouse: { password: { sealed: ${lost} } }\n`;
    configuration(text);
    expect(await run(['rotate'])).toMatchObject({ code: 1, err: expect.stringContaining('clickhouse/password') as unknown });
    expect(configuration()).toBe(text);
  });

  it('tells which secrets can be had and why others cannot, and shows none', async () => {
    await run(['key', '--out', 'keys']);
    const sealed = await seal(new Secret('canary-sealed'), keys()[0]);
    writeFileSync(join(folder, 'password'), 'canary-in-file');
    configuration(`secrets: { key: { file: keys } }
tokens: { file: tokens.json }
targets:
  - name: shop
    logins:
      - { name: a, password: { sealed: ${sealed} } }
      - { name: b, password: { file: password } }
      - { name: c, password: { command: [${process.execPath}, -e, "console.log('canary-printed'); process.exit(2)"] } }
      - { name: d, password: { vault: { path: secret/data/shop, field: password } } }
      - { name: e, password: { env: NOT_SET } }
      - { name: f, password: canary-in-place }
clickhouse: { password: { env: CLICKHOUSE } }
`);
    const { code, out, err } = await run(['check', '--json'], '', { CLICKHOUSE: 'canary-in-env' });
    expect({ code, err }).toEqual({ code: 1, err: '' });
    const told = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>)
      .map(({ name, state, why }) => [name, state, why]);
    expect(told).toEqual([
      ['secrets/key', 'ok', undefined],
      ['targets/shop/logins/a', 'ok', undefined],
      ['targets/shop/logins/b', 'ok', undefined],
      ['targets/shop/logins/c', 'missing', 'it ended with 2'],
      ['targets/shop/logins/d', 'missing', 'the configuration has no secrets.vault'],
      ['targets/shop/logins/e', 'missing', 'this environment variable is not set'],
      ['targets/shop/logins/f', 'missing', expect.stringContaining('must be { env: NAME }') as unknown],
      ['clickhouse/password', 'ok', undefined],
    ]);
    const shown = await run(['check'], '', { CLICKHOUSE: 'canary-in-env' });
    expect(shown.out).toContain('targets/shop/logins/c');
    expect(out + shown.out + shown.err).not.toContain('canary');
    configuration('clickhouse: { password: { env: CLICKHOUSE } }\n');
    expect((await run(['check'], '', { CLICKHOUSE: 'x' })).code).toBe(0);
  });
});
