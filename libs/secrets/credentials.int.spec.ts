import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Secret, type SecretReference } from '#runtime';
import { Credentials, type CredentialsOptions, newKeyLine, seal, sealingKeys } from '#secrets';
import { type StandInVault, startVault } from '../../test/vault/vault.js';

describe('credentials', () => {
  const folder = mkdtempSync(join(tmpdir(), 'credentials-'));
  let vault: StandInVault;
  let nowMs = 0;
  beforeAll(async () => {
    vault = await startVault('hvs.canary-token');
  });
  afterAll(async () => {
    await vault.stop();
    rmSync(folder, { recursive: true });
  });

  const file = (name: string, text: string): SecretReference => {
    writeFileSync(join(folder, name), text);
    return { file: join(folder, name) };
  };
  const credentials = (
    secrets: Partial<NonNullable<CredentialsOptions['secrets']['vault']>> = {},
    more: Partial<CredentialsOptions> & { key?: SecretReference } = {},
  ): Credentials =>
    new Credentials({
      secrets: {
        key: more.key,
        vault: { address: vault.address, token: file('token', 'hvs.canary-token\n'), cacheSeconds: 60, ...secrets },
      },
      env: { PATH: process.env.PATH, TOKEN_OF_ANOTHER: 'canary-of-another', NAMED: 'by-name' },
      nowMs: () => nowMs,
      ...more,
    });
  const value = async (from: Credentials, reference: SecretReference): Promise<string> =>
    (await from.password(reference)).reveal();
  const inVault = (path: string, field = 'password'): SecretReference => ({ vault: { path, field } });
  const command = (script: string, ...environment: string[]): SecretReference => ({
    command: [process.execPath, '-e', script],
    environment,
    cacheSeconds: 60,
  });

  describe('in a file', () => {
    it('are read again when it was written or replaced', async () => {
      const own = credentials();
      const reference = file('login', 'one\n');
      expect(await value(own, reference)).toBe('one');
      writeFileSync(join(folder, 'login'), 'two');
      expect(await value(own, reference)).toBe('two');
      writeFileSync(join(folder, 'next'), 'three\r\n');
      renameSync(join(folder, 'next'), join(folder, 'login'));
      expect(await value(own, reference)).toBe('three');
    });

    it.each([
      ['is gone', () => undefined, 'it cannot be read (ENOENT)'],
      [
        'is empty',
        (path: string) => {
          writeFileSync(path, '\n');
        },
        'it is empty',
      ],
    ])('cannot be had where it %s', async (_, prepare, why) => {
      const path = join(folder, 'absent');
      prepare(path);
      await expect(credentials().password({ file: path })).rejects.toMatchObject({
        name: 'SecretUnavailable',
        reference: `file ${path}`,
        why,
      });
    });
  });

  describe('that are sealed', () => {
    const older = newKeyLine();
    const newer = newKeyLine();

    it('open under every key that is there, and no longer when theirs is gone', async () => {
      const own = credentials({}, { key: file('keys', `# of March\n${older}\n`) });
      const sealed = await seal(new Secret('größe 🔑'), sealingKeys(new Secret(older))[0]);
      expect(await value(own, { sealed })).toBe('größe 🔑');
      writeFileSync(join(folder, 'keys'), `${newer}\n${older}\n`);
      expect(await value(own, { sealed })).toBe('größe 🔑');
      writeFileSync(join(folder, 'keys'), `${newer}\n`);
      await expect(own.password({ sealed })).rejects.toMatchObject({
        why: `there is no key ${sealingKeys(new Secret(older))[0].kid}`,
      });
    });

    it('do not open when a byte was changed, or under what is no key', async () => {
      const sealed = await seal(new Secret('secret'), sealingKeys(new Secret(older))[0]);
      const changed = sealed.replace(
        /\.([\w-])([\w-]+)$/,
        (_, first: string, rest: string) => `.${first === 'A' ? 'B' : 'A'}${rest}`,
      );
      const own = credentials({}, { key: file('keys', older) });
      await expect(own.password({ sealed: changed })).rejects.toMatchObject({
        why: expect.stringContaining('it was changed') as unknown,
      });
      const short = credentials({}, { key: file('short', 'canary-that-is-no-key') });
      await expect(short.password({ sealed })).rejects.toMatchObject({ why: 'key 1 is not 32 bytes in base64url' });
    });
  });

  describe('in Vault', () => {
    it.each([1, 2] as const)('are read from KV %i, and used for their time', async (version) => {
      const path = `kv${version}/data/shop`;
      vault.shelves.set(path, { version, fields: { password: 'one', port: 5432 } });
      const own = credentials();
      expect(await value(own, inVault(path))).toBe('one');
      vault.shelves.set(path, { version, fields: { password: 'two' } });
      expect(await value(own, inVault(path))).toBe('one');
      nowMs += 60_000;
      expect(await value(own, inVault(path))).toBe('two');
    });

    it('are asked for once by all who want them at a time, below the mount and in the namespace', async () => {
      vault.shelves.set('kv/data/team/shop', { version: 2, fields: { password: 'mounted' } });
      vault.asked.length = 0;
      const own = credentials({ mount: 'kv', namespace: 'eu' });
      const had = await Promise.all(Array.from({ length: 20 }, () => value(own, inVault('team/shop'))));
      expect([new Set(had), vault.asked]).toEqual([new Set(['mounted']), ['eu:kv/data/team/shop']]);
    });

    it('are fetched anew when a server refuses them, but not for every session', async () => {
      vault.shelves.set('kv/data/rotating', { version: 2, fields: { password: 'old' } });
      const own = credentials();
      const old = await own.password(inVault('kv/data/rotating'));
      vault.shelves.set('kv/data/rotating', { version: 2, fields: { password: 'new' } });
      vault.asked.length = 0;
      const renewed = await Promise.all([1, 2, 3].map(() => own.renewed(inVault('kv/data/rotating'), old)));
      expect(renewed.map((secret) => secret.reveal())).toEqual(['new', 'new', 'new']);
      const same = await own.renewed(inVault('kv/data/rotating'), new Secret('new'));
      expect([same.reveal(), vault.asked.length]).toEqual(['new', 1]);
    });

    it('are asked for with a token that is read again when it changes', async () => {
      vault.shelves.set('kv/data/renewed', { version: 2, fields: { password: 'after' } });
      const own = credentials();
      vault.token = 'hvs.next';
      await expect(own.password(inVault('kv/data/renewed'))).rejects.toMatchObject({
        why: expect.stringContaining('403') as unknown,
      });
      writeFileSync(join(folder, 'token'), 'hvs.next');
      expect(await value(own, inVault('kv/data/renewed'))).toBe('after');
      vault.token = 'hvs.canary-token';
    });

    it.each([
      ['nothing there', { version: 2, fields: {} }, 'what is at this path has no such field'],
      ['another field', { version: 2, fields: { user: 'a' } }, 'what is at this path has no such field'],
      ['no text', { version: 1, fields: { password: 7 } }, 'what is at this path has no such field'],
      ['sealed', { status: 503 }, 'it is sealed, or down for maintenance (503)'],
      ['not found', { status: 404 }, 'there is nothing at this path (404)'],
      ['too many requests', { status: 429 }, 'it is a standby, or is asked too often (429)'],
      ['broken', { status: 500 }, 'it answered with status 500'],
      [
        'redirecting',
        { status: 307, location: 'http://127.0.0.1:1/v1/kv/data/elsewhere' },
        'it redirects, which is not followed: name the active node',
      ],
      ['huge', 'huge', 'its answer is longer than 1 MiB'],
    ] as const)('cannot be had where it is %s', async (_, shelf, why) => {
      vault.shelves.set('kv/data/bad', shelf);
      await expect(credentials().password(inVault('kv/data/bad'))).rejects.toMatchObject({
        name: 'SecretUnavailable',
        reference: "Vault's kv/data/bad, field password",
        why,
      });
    });

    it('cannot be had where nothing listens, and of one that says nothing not for ever', async () => {
      await expect(credentials({ address: 'http://127.0.0.1:1' }).password(inVault('x'))).rejects.toMatchObject({
        why: 'it cannot be reached (ECONNREFUSED)',
      });
      vault.shelves.set('kv/data/silent', 'silent');
      await expect(credentials({}, { vaultMs: 200 }).password(inVault('kv/data/silent'))).rejects.toMatchObject({
        why: 'it does not answer within 200 ms',
      });
    });
  });

  describe('that a command prints', () => {
    it('are used for their time', async () => {
      const own = credentials();
      const counting = command(
        `const f = require('fs'), at = ${JSON.stringify(join(folder, 'count'))}; f.appendFileSync(at, 'x'); console.log('run ' + f.readFileSync(at).length)`,
      );
      expect([await value(own, counting), await value(own, counting)]).toEqual(['run 1', 'run 1']);
      nowMs += 60_000;
      expect(await value(own, counting)).toBe('run 2');
    });

    it('come of an environment that has what is named, and little else', async () => {
      const printed = await value(credentials(), command('console.log(JSON.stringify(process.env))', 'NAMED', 'UNSET'));
      expect(JSON.parse(printed)).toEqual({ PATH: process.env.PATH, NAMED: 'by-name' });
    });

    it('come of no shell', async () => {
      const reference: SecretReference = { command: ['echo', '$HOME; id'], environment: [], cacheSeconds: 1 };
      expect(await value(credentials(), reference)).toBe('$HOME; id');
    });

    it.each([
      ['fails', "console.log('canary-printed'); console.error('canary-said'); process.exit(3)", 'it ended with 3'],
      ['prints nothing', "console.error('canary-said')", 'it printed nothing'],
      [
        'prints too much',
        "process.stdout.write('canary'.repeat(20000)); setInterval(() => 0, 1000)",
        'it printed more than 64 KiB',
      ],
      ['takes too long', 'setInterval(() => 0, 1000)', 'it took more than 300 ms'],
      [
        'leaves a child behind that takes too long',
        "require('child_process').spawn('sleep', ['60'], { stdio: 'inherit' })",
        'it took more than 300 ms',
      ],
    ])('cannot be had where it %s', async (_, script, why) => {
      const commandMs = /long/.test(_) ? 300 : 10_000;
      await expect(credentials({}, { commandMs }).password(command(script))).rejects.toMatchObject({
        reference: `command ${process.execPath}`,
        why,
      });
    });

    it('cannot be had where there is no such program', async () => {
      const absent: SecretReference = {
        command: ['/nowhere/canary', '--token=canary-argument'],
        environment: [],
        cacheSeconds: 1,
      };
      await expect(credentials().password(absent)).rejects.toMatchObject({ why: 'it cannot be started (ENOENT)' });
    });
  });

  it('show themselves in no error, whatever is done with it', async () => {
    vault.shelves.set('kv/data/leak', { status: 400 });
    const key = newKeyLine();
    const sealed = await seal(new Secret('canary-sealed'), sealingKeys(new Secret(newKeyLine()))[0]);
    const failing: [Credentials, SecretReference][] = [
      [credentials({ token: file('wrong', 'hvs.canary-wrong') }), inVault('kv/data/shop')],
      [credentials(), inVault('kv/data/leak')],
      [credentials({}, { key: file('key', key) }), { sealed }],
      [credentials({}, { key: file('no-key', 'canary-no-key') }), { sealed }],
      [credentials(), command("console.log('canary'); throw new Error('canary-thrown')")],
      [credentials(), { command: ['false', '--password=canary'], environment: [], cacheSeconds: 1 }],
    ];
    for (const [own, reference] of failing) {
      const error: unknown = await own.password(reference).catch((caught: unknown) => caught);
      const shown = [
        inspect(error, { depth: 9, showHidden: true }),
        JSON.stringify(error),
        String((error as Error).stack),
      ].join();
      expect(shown).toContain('SecretUnavailable');
      expect(shown).not.toMatch(/canary|hvs\./);
      expect(shown).not.toContain(key);
    }
    const secret = new Secret('canary-had');
    expect(inspect([secret], { showHidden: true, depth: 9 }) + JSON.stringify({ secret }) + String(secret)).not.toContain(
      'canary',
    );
  });

  it('are in the environment and on the command line of no child but where they are named', async () => {
    const own = credentials();
    const at = join(folder, 'seen');
    const script = `const f = require('fs'); f.writeFileSync(${JSON.stringify(at)}, f.readFileSync('/proc/self/environ') + f.readFileSync('/proc/self/cmdline')); console.log('x')`;
    vault.shelves.set('kv/data/other', { version: 2, fields: { password: 'canary-in-vault' } });
    await own.password(inVault('kv/data/other'));
    await own.password(command(script));
    expect(readFileSync(at, 'utf8')).toContain('PATH=');
    expect(readFileSync(at, 'utf8')).not.toMatch(/canary-|hvs\./);
    expect(readdirSync(folder).length).toBeGreaterThan(3);
  });
});
