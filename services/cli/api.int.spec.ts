import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { run } from './run.js';
import { asking, capture, type Captured } from './testing/captured.js';
import { SpawnedApi } from './testing/spawned-api.js';
import { approval, sessions } from './testing/written-log.js';

let api: SpawnedApi;
beforeAll(async () => {
  api = await SpawnedApi.start();
});
afterAll(() => api.stop());

const ask = (...args: readonly string[]): Promise<Captured> => asking(api, ...args);
const json = ({ out }: Captured): Record<string, unknown>[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const noLog = (): Promise<never> => Promise.reject(new Error('it opened the log'));

describe('whoami', () => {
  it('tells who a token is, whatever its roles', async () => {
    const { code, out } = await ask('whoami');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^principal: +responder of sallyport\nkind: +service\ngroups: +responders\nplatform roles: +responder\nexpires: +2/,
    );
    expect(out).toContain('No policy was activated yet');
    const file = path.join(api.clone, 'token');
    writeFileSync(file, `${api.tokens['auditor'] ?? ''}\n`);
    expect(json(await ask('whoami', '--token-file', 'token', '--json'))).toMatchObject([
      { principal: { subject: 'auditor' }, roles: ['auditor'] },
    ]);
    expect(await ask('whoami', '--token-file', 'missing')).toMatchObject({
      code: 3,
      err: expect.stringContaining('ENOENT') as string,
    });
  });
});

describe('sessions', () => {
  it('are listed, newest first, with who, where, what came of their statements and whether they ended', async () => {
    const listed = await ask('sessions');
    expect(listed).toMatchObject({ code: 0, err: '' });
    expect(listed.out).toMatch(
      /^SESSION +OPENED .*\n01936f01\S+ .* billing-bot \(agent\) +demo\/shop .*open\n01936f00\S+ .*client-terminated\n/,
    );
    expect(json(await ask('sessions', '--json')).map(({ id, denied, held, live }) => [id, denied, held, live])).toEqual([
      [sessions[1], 1, 1, true],
      [sessions[0], 1, 0, false],
    ]);
  });

  it('are fewer when asked, and it is said that there are more', async () => {
    const { code, out, err } = await ask('sessions', '--limit', '1', '--json');
    expect([code, out.trimEnd().split('\n').length, err]).toEqual([0, 1, 'There are more than these 1: see --limit.\n']);
    expect((await ask('sessions', '--live', '--json')).out).toContain(sessions[1]);
    expect((await ask('sessions', '--principal', 'nobody')).out).toBe('There are no such sessions.\n');
    expect((await ask('sessions', '--run', 'r1')).out).toBe('There are no such sessions.\n');
  });

  it('show themselves, one line an event', async () => {
    const { out } = await ask('show', '01936f00');
    expect(out).toContain('statement.decided  deny no-drops');
    expect(out).toContain('statement.completed  ok SELECT 2');
    expect(json(await ask('show', '01936f00', '--json'))).toMatchObject([{ session: { id: sessions[0] }, steps: { length: 8 } }]);
  });
});

describe('replay', () => {
  it('prints every step with decision, SQL, rows and state where there is no terminal', async () => {
    const { code, out } = await ask('replay', '01936f00');
    expect(code).toBe(0);
    expect(out.split('\n\n')).toHaveLength(9);
    expect(out).toContain('decision   deny by no-drops statement 2, policy aaaaaaaaaaaa, strict\n');
    expect(out).toContain('sql        SELECT name, ssn FROM people\n           -- \\x1b[31mred\n');
    expect(out).toContain('  name  ssn [redact]\n  Ada   ▒ ***\n  Bob   ▒ ***\n');
    expect(out).not.toContain('\u001b');
  });

  it('gives one step, or those up to one, as JSON', async () => {
    expect(json(await ask('replay', '01936f00', '--seq', '4', '--json'))).toMatchObject([
      {
        seq: 4,
        type: 'statement.completed',
        hash: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
        results: [
          {
            n: 1,
            rows: [
              ['Ada', '***'],
              ['Bob', '***'],
            ],
            columns: [{ mask: null }, { mask: 'redact' }],
          },
        ],
        state: { transaction: { status: 'I' }, handed: { rows: 2 } },
      },
    ]);
    expect(json(await ask('replay', '01936f00', '--to', '2', '--json')).map(({ seq }) => seq)).toEqual([0, 1, 2]);
  });

  it('says so where the token does not show content', async () => {
    const { out } = await ask('replay', '01936f00', '--seq', '4', '--token', api.tokens['viewer'] ?? '');
    expect(out).toContain('content    not shown: it needs the role responder');
    expect(out).toContain('2 rows not kept: role');
    expect(out).not.toContain('Ada');
  });

  it('steps at each key in a terminal, and leaves it as it was', async () => {
    const raw: boolean[] = [];
    const keys = Readable.from(['\u001b[C', 'g5\r', 'q']);
    const stdin = Object.assign(keys, { isTTY: true, setRawMode: (on: boolean) => raw.push(on) }) as never;
    let out = '';
    const stdout = new Writable({
      write(chunk: Buffer, _, done) {
        out += chunk.toString();
        done();
      },
    });
    const terminal = Object.assign(stdout, { isTTY: true, columns: 80, rows: 24 });
    const io = { stdin, stdout: terminal, stderr: stdout, env: { NO_COLOR: '1' }, cwd: api.clone };
    expect(await run(['replay', '01936f00'], io, noLog)).toBe(0);
    expect(raw).toEqual([true, false]);
    expect(out.match(/\d of 8/g)).toEqual(['1 of 8', '2 of 8', '6 of 8']);
    expect(out.endsWith('\u001b[?7h\u001b[?25h\u001b[?1049l')).toBe(true);
  });
});

describe('tail', () => {
  it('follows a session from its first event on', async () => {
    const { code, out } = await ask('tail', '--session', '01936f00', '--count', '8', '--json');
    expect([
      code,
      out
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { seq: number }).seq),
    ]).toEqual([0, [0, 1, 2, 3, 4, 5, 6, 7]]);
    expect((await ask('tail', '--session', '01936f00', '--count', '1')).out).toContain('session.opened');
  });
});

describe('approvals', () => {
  it('are listed with what exactly would run, and voted on', async () => {
    const { out } = await ask('approvals');
    expect(out).toContain(`${approval}  waiting`);
    expect(out).toContain('sql        DELETE FROM people');
    const approved = await ask('approvals', 'approve', '01936f01', '--reason', 'ticket 7', '--json');
    expect(json(approved)).toMatchObject([
      { id: approval, outcome: 'granted', votes: [{ kind: 'granted', reason: 'ticket 7' }] },
    ]);
    expect((await ask('approvals', 'withdraw', '01936f01')).out).toContain(`${approval}  waiting`);
    expect((await ask('approvals', 'deny', '01936f01')).out).toContain(`${approval}  denied`);
    expect((await ask('approvals')).out).toBe('Nothing waits for a vote.\n');
    expect(json(await ask('approvals', 'list', '--all', '--json'))).toMatchObject([{ id: approval, outcome: 'denied' }]);
    expect(await ask('approvals', 'approve', '01936f01')).toMatchObject({
      code: 1,
      err: 'error: It does not wait for votes any more: It is denied.\nNothing was changed.\n',
    });
  });
});

describe('report access', () => {
  it('says who did what to which table, and what is missing', async () => {
    const { out } = await ask('report', 'access');
    expect(out).toMatch(/billing-bot +app_ro +app\.people +read +SELECT +allow +2 +4 +/);
    expect(out).toContain(`session-without-end ${sessions[1]} (billing-bot)`);
  });

  it('writes files whose hashes are those of the manifest', async () => {
    expect(await ask('report', 'access', '--out', 'january')).toMatchObject({ code: 0, err: '' });
    const read = (name: string): Buffer => readFileSync(path.join(api.clone, 'january', name));
    const { files } = JSON.parse(read('manifest.json').toString()) as { files: { name: string; sha256: string }[] };
    expect(files.map(({ name }) => name)).toEqual(['access.csv', 'gaps.csv']);
    for (const { name, sha256 } of files)
      expect([name, createHash('sha256').update(read(name)).digest('hex')]).toEqual([name, sha256]);
  });
});

describe('what is wrong', () => {
  const port = async (): Promise<number> => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    const { port } = server.address() as AddressInfo;
    await new Promise((closed) => server.close(closed));
    return port;
  };

  it.each([
    [3, ['replay', 'ffff'], 'There is no session ffff'],
    [3, ['replay', '01936f00', '--seq', '99'], 'The session has the steps 0 to 7.'],
    [2, ['replay', '01936f00', '--seq', 'x'], 'It is not a step'],
    [2, ['replay'], "missing required argument 'session'"],
    [2, ['sessions', '--since', 'yesterday'], 'since: must be ISO 8601'],
    [2, ['sessions', '--limit', '0'], 'It is not a whole number from 1 up.'],
    [1, ['report', 'access', '--out', '/dev/null/january'], 'A file or folder cannot be used: ENOTDIR'],
    [3, ['approvals', 'deny', 'ffff'], 'There is no approval ffff'],
    [1, ['search', 'ssn'], 'ClickHouse does not answer'],
    [1, ['sessions', '--token', 'spt_nope'], 'Who you are is not known here: the service token is not known'],
  ])('ends with %i and says why: %j', async (code, args, why) => {
    const ended = await ask(...args);
    expect([ended.code, ended.err]).toEqual([code, expect.stringContaining(why)]);
  });

  it('is that nobody answers, or that nobody knows where and who', async () => {
    const at = (env: Record<string, string>) => capture(['sessions'], { env, cwd: '/' }, noLog);
    expect(await at({})).toMatchObject({ code: 2, err: expect.stringContaining('It is not known where the api is') as unknown });
    const url = `http://127.0.0.1:${await port()}`;
    expect(await at({ SALLYPORT_API: url })).toMatchObject({
      code: 2,
      err: expect.stringContaining('It is not known who asks') as unknown,
    });
    expect(await at({ SALLYPORT_API: url, SALLYPORT_TOKEN: 't' })).toMatchObject({
      code: 1,
      err: expect.stringContaining(`${url} cannot be reached (ECONNREFUSED)`) as unknown,
    });
  });

  it('is found by a configuration file that is named, or that is in a folder above', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-config-'));
    const file = path.join(folder, 'sallyport.yml');
    writeFileSync(file, `dataDir: data\napi: { host: 0.0.0.0, port: ${new URL(api.url).port} }\n`);
    const SALLYPORT_TOKEN = api.tokens['responder'] ?? '';
    const listed = expect.stringContaining(sessions[0]) as unknown;
    const named = capture(['sessions'], { env: { SALLYPORT_CONFIG: file, SALLYPORT_TOKEN }, cwd: '/' }, noLog);
    expect(await named).toMatchObject({ code: 0, out: listed });
    expect(await capture(['sessions'], { env: { SALLYPORT_TOKEN }, cwd: folder }, noLog)).toMatchObject({ code: 0, out: listed });
    rmSync(folder, { recursive: true });
  });

  it("never sends a demo's token to another api", async () => {
    const url = `http://127.0.0.1:${await port()}`;
    expect(await ask('sessions', '--api', url)).toMatchObject({
      code: 2,
      err: expect.stringContaining(`no token for ${url}`) as unknown,
    });
  });

  it.each(['sessions', 'show', 'replay', 'tail', 'search', 'approvals', 'approvals approve', 'report access'])(
    'is not the help of %s, which has examples where it can',
    async (command) => {
      const { code, out } = await ask(...command.split(' '), '--help');
      expect([code, command === 'approvals' || out.includes('Examples:')]).toEqual([0, true]);
    },
  );
});
