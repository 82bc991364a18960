import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '#runtime';
import { type Change, ChangeRecord, changesOf, settingsOf } from '#secrets';

describe('changesOf', () => {
  it('tells what is new, other and gone, and nothing of what stays', () => {
    const previous = { configuration: { listen: 'a', limits: 'b' }, secret: { 'targets/shop/logins/app': 'c' } };
    const current = { configuration: { listen: 'a', limits: 'd' }, roles: { policy: 'e' } };
    expect(changesOf(previous, current)).toEqual([
      { what: 'configuration', name: 'limits', before: 'b', after: 'd' },
      { what: 'roles', name: 'policy', after: 'e' },
      { what: 'secret', name: 'targets/shop/logins/app', before: 'c' },
    ]);
    expect(changesOf(current, current)).toEqual([]);
  });
});

describe('a record of changes', () => {
  let folder: string;
  let told: Change[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'changes-'));
    told = [];
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const file = (): string => join(folder, 'configuration', 'proxy.json');
  const open = (record = (changes: readonly Change[]) => Promise.resolve(void told.push(...changes))): ChangeRecord =>
    new ChangeRecord(file(), record);
  const config = (password: string, port = 1) => ({
    clickhouse: { port, password: new Secret(password) },
    issuers: [{ issuer: 'https://id.example', audience: 'a' }],
    api: { roles: { admin: ['admins'] } },
  });

  it('tells a life what differs from the one before, a secret by a hash that no one else can make', async () => {
    await open().started(settingsOf(config('one'), { roles: { policy: [] } }));
    expect(told.map(({ what, name }) => `${what} ${name}`)).toEqual([
      ...['configuration api', 'configuration clickhouse', 'issuers https://id.example', 'roles api/roles', 'roles policy'],
      'secret clickhouse/password',
    ]);
    const first = told.splice(0);
    const next = open();
    await next.started(settingsOf(config('one'), { roles: { policy: [] } }));
    expect(told).toEqual([]);
    await next.started(settingsOf(config('two', 2), { roles: { policy: [] } }));
    expect(told.map(({ what, name }) => `${what} ${name}`)).toEqual(['configuration clickhouse', 'secret clickhouse/password']);
    expect(told[1]?.before).toBe(first.at(-1)?.after);
    const written = readFileSync(file(), 'utf8');
    expect(written).not.toContain('two');
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    rmSync(file());
    told.length = 0;
    await open().started(settingsOf(config('one')));
    expect(told.find(({ what }) => what === 'secret')?.after).not.toBe(first.at(-1)?.after);
  });

  it('tells of a secret that changes while it runs, once, and takes one that cannot be had for what it was', async () => {
    const record = open();
    await record.started(settingsOf({}, { secrets: { app: new Secret('one'), other: new Secret('other') } }));
    told.length = 0;
    await Promise.all([1, 2, 3].map(() => record.secret('app', new Secret('two'))));
    expect(told).toEqual([
      { what: 'secret', name: 'app', before: expect.any(String) as unknown, after: expect.any(String) as unknown },
    ]);
    told.length = 0;
    await open().started(settingsOf({}, { secrets: { app: undefined, other: new Secret('other') } }));
    expect(told).toEqual([]);
    await open().started(settingsOf({}, { secrets: {} }));
    expect(told.map(({ name, after }) => [name, after])).toEqual([
      ['app', undefined],
      ['other', undefined],
    ]);
  });

  it('tells again what could not be recorded', async () => {
    const failing = open(() => Promise.reject(new Error('the log is full')));
    await expect(failing.secret('app', new Secret('one'))).rejects.toThrow('the log is full');
    await open().secret('app', new Secret('one'));
    expect(told).toMatchObject([{ what: 'secret', name: 'app' }]);
  });
});
