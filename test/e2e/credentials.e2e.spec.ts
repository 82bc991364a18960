import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import pg from 'pg';
import type { EventOf } from '#events';
import { Secret } from '#runtime';
import { newKeyLine, seal, sealingKeys } from '#secrets';
import { formsOf } from '../canary/forms.js';
import { processesWith } from '../canary/processes.js';
import { startVault, type StandInVault } from '../vault/vault.js';
import { login, startWorld, type World } from './world.js';

/** One login for each way to have a password, and the group that runs as it. */
const passwords = {
  [login.name]: 'canary-kept-in-vault',
  in_vault_too: 'canary-kept-in-vault-too',
  by_seal: 'canary-that-is-sealed',
  by_command: 'canary-that-a-command-prints',
  by_file: 'canary-in-a-file',
};
const policy = `version: 1
roles:
${Object.keys(passwords)
  .map((name) => `  - { name: ${name}, groups: [${name}], target: main, databases: ['*'], login: ${name} }`)
  .join('\n')}
rules:
  - { name: everything, then: allow }
`;

describe('the credentials of logins', () => {
  const folder = mkdtempSync(join(tmpdir(), 'credentials-'));
  const key = newKeyLine();
  const heard: string[] = [];
  const planted: string[] = [...Object.values(passwords), key, 'hvs.canary-token'];
  let vault: StandInVault;
  let world: World;

  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const inVault = (password: string, at = 'shop'): void => {
    planted.push(password);
    vault.shelves.set(`secret/data/${at}`, { version: 2, fields: { password } });
  };
  const inDatabase = async (name: string, password: string): Promise<void> => {
    const admin = await world.direct();
    await admin.query(`ALTER ROLE ${name} PASSWORD '${password}'`);
    await admin.end();
  };
  const connect = async (name: string): Promise<pg.Client> => world.connect('bot', await world.token('bot', [name]));
  const answered = async (client: pg.Client): Promise<unknown> => (await client.query('SELECT current_user AS me')).rows;
  const refused = async (name: string): Promise<Error & { code?: string }> => {
    const error: unknown = await connect(name).catch((caught: unknown) => caught);
    heard.push(inspect(error, { showHidden: true, depth: 9 }) + JSON.stringify(error));
    return error as Error;
  };
  const changes = async (): Promise<EventOf<'configuration.changed'>['data'][]> =>
    (await world.record()).events.flatMap((event) => (event.type === 'configuration.changed' ? [event.data] : []));

  beforeAll(async () => {
    vault = await startVault('hvs.canary-token');
    inVault(passwords[login.name] ?? '');
    inVault(passwords.in_vault_too, 'other');
    const others = Object.entries(passwords).map(([name, password]) =>
      name === login.name ? `ALTER ROLE ${name} PASSWORD '${password}'` : `CREATE ROLE ${name} LOGIN PASSWORD '${password}'`,
    );
    world = await startWorld({
      policy,
      initSql: others.join(';'),
      secrets: {
        key: { file: file('keys', key) },
        vault: { address: vault.address, token: { file: file('token', 'hvs.canary-token') }, cacheSeconds: 3_600 },
      },
      passwords: {
        [login.name]: { vault: { path: 'secret/data/shop', field: 'password' } },
        in_vault_too: { vault: { path: 'secret/data/other', field: 'password' } },
        by_seal: { sealed: await seal(new Secret(passwords.by_seal), sealingKeys(new Secret(key))[0]) },
        by_command: { command: ['cat', file('printed', passwords.by_command)], cacheSeconds: 3_600 },
        by_file: { file: file('by_file', passwords.by_file) },
      },
    });
  }, 60_000);
  afterAll(async () => {
    await world.stop();
    await vault.stop();
    rmSync(folder, { recursive: true });
  }, 30_000);

  it.each(Object.keys(passwords))('let a session in as %s', async (name) => {
    const client = await connect(name);
    expect(await answered(client)).toEqual([{ me: name }]);
    await client.end();
  });

  it.each([
    [
      login.name,
      (password: string): void => {
        inVault(password);
      },
    ],
    ['by_command', (password: string): void => void file('printed', password)],
    ['by_file', (password: string): void => void file('by_file', password)],
  ])('of %s change while sessions go on: who comes next has the new one, and the change is on record', async (name, keep) => {
    const next = `canary-next-of-${name}`;
    planted.push(next);
    const before = await connect(name);
    const told = (await changes()).length;
    await inDatabase(name, next);
    keep(next);
    const after = await connect(name);
    expect([await answered(before), await answered(after)]).toEqual([[{ me: name }], [{ me: name }]]);
    await Promise.all([before.end(), after.end()]);
    expect((await changes()).slice(told)).toEqual([
      {
        service: 'proxy',
        what: 'secret',
        name: `targets/main/logins/${name}`,
        before: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
        after: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      },
    ]);
  });

  it('that cannot be had let nobody in: the client is not told where they should be, the log is', async () => {
    await inDatabase('in_vault_too', 'canary-that-nobody-knows');
    planted.push('canary-that-nobody-knows');
    vault.shelves.set('secret/data/other', { status: 503 });
    const error = await refused('in_vault_too');
    expect(error).toMatchObject({ code: '08006', message: 'the database cannot be reached: its credentials are not at hand' });
    expect(inspect(error)).not.toMatch(/secret\/data|Vault/i);
    inVault('canary-of-a-mistake', 'other');
    expect(await refused('in_vault_too')).toMatchObject({
      code: '08006',
      message: 'the database cannot be reached: it does not take the credentials that it is given',
    });
    rmSync(join(folder, 'by_file'));
    expect(await refused('by_file')).toMatchObject({ code: '08006' });
    expect(heard.join('\n')).not.toContain(folder);
    const logged = world
      .proxyLog()
      .split('\n')
      .filter((line) => line.includes('a secret cannot be had'))
      .map((line) => JSON.parse(line) as Record<string, string>)
      .map(({ target, login, reference, why }) => [target, login, reference, why]);
    expect(logged).toEqual([
      ['main', 'in_vault_too', "Vault's secret/data/other, field password", 'it is sealed, or down for maintenance (503)'],
      ['main', 'by_file', `file ${join(folder, 'by_file')}`, 'it cannot be read (ENOENT)'],
    ]);
  });

  it('are told from those of the life before, at its start', async () => {
    file('by_file', 'canary-of-another-life');
    planted.push('canary-of-another-life');
    const told = (await changes()).length;
    expect((await changes()).map(({ what, name }) => `${what} ${name}`)).toEqual(
      expect.arrayContaining([
        'roles policy',
        'configuration targets',
        'configuration listen',
        'secret targets/main/logins/by_seal',
      ]),
    );
    await world.stopProxy();
    await world.startProxy();
    expect((await changes()).slice(told).map(({ what, name }) => `${what} ${name}`)).toEqual([
      'secret targets/main/logins/by_file',
    ]);
  }, 20_000);

  it('are in no event, file of the data, log, error, command line or environment', async () => {
    const forms = planted.flatMap(formsOf);
    const found = (text: string): string[] => forms.filter((form) => text.includes(form));
    const files = readdirSync(world.dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(2);
    expect(found(`x ${passwords.by_file}`)).toEqual([passwords.by_file]);
    for (const { parentPath, name } of files)
      expect([name, found(readFileSync(join(parentPath, name), 'latin1'))]).toEqual([name, []]);
    const { parts } = await world.record();
    expect(found(Buffer.concat(parts.map(({ bytes }) => bytes)).toString('latin1'))).toEqual([]);
    expect([found(world.proxyLog()), found(heard.join('\n'))]).toEqual([[], []]);
    const processes = processesWith('sallyport-world-');
    expect(processes.length).toBeGreaterThan(0);
    expect(processes.flatMap(({ commandLine, environment }) => found(commandLine + environment))).toEqual([]);
  });
});
