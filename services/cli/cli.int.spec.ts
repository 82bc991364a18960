import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { openSegmentLog } from '#event-log';
import { version } from '#runtime';
import { sessions, writeSessions } from './testing/written-log.js';

const main = path.join(import.meta.dirname, 'main.js');
let clone: string;

beforeAll(async () => {
  clone = await mkdtemp(path.join(tmpdir(), 'sallyport-cli-'));
  const dataDir = path.join(clone, '.sallyport', 'data');
  const log = await openSegmentLog({ dir: path.join(dataDir, 'outbox', 'proxy') });
  await writeSessions(log);
  await log.close();
  await mkdir(path.join(clone, 'deep'));
});

afterAll(() => rm(clone, { recursive: true, force: true }));

const start = (args: readonly string[], cwd: string): ChildProcess =>
  spawn(process.execPath, [main, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], FORCE_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

async function cli(args: readonly string[], cwd = clone): Promise<{ code: unknown; out: string; err: string }> {
  const child = start(args, cwd);
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, 'close')) as unknown[];
  return { code, out, err };
}

describe('the built command line', () => {
  it('finds the data of its clone, running or not, from any folder in it', async () => {
    const left = await cli(['log', 'cat', '--json'], path.join(clone, 'deep'));
    expect(left).toMatchObject({ code: 0, err: '' });
    expect(left.out.split('\n')).toHaveLength(18);
    const file = path.join(clone, '.sallyport', 'demo.json');
    await writeFile(file, JSON.stringify({ dataDir: path.join(clone, 'elsewhere'), tokens: {} }));
    const elsewhere = await cli(['log', 'cat']);
    await writeFile(file, '{"dataDir": 1}');
    const broken = await cli(['log', 'cat']);
    await rm(file);
    expect(elsewhere).toMatchObject({ code: 3, err: expect.stringContaining('elsewhere holds no outbox') as unknown });
    expect(broken).toMatchObject({ code: 1, err: expect.stringContaining('demo.json is no demo.json: dataDir: ') as unknown });
  });

  it('reads a segment log, without colours where there is no terminal', async () => {
    const { code, out, err } = await cli(['log', 'cat', '--session', sessions[0].slice(0, 8)]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('statement.decided');
    expect(out).not.toContain('\u001b');
  });

  it('says what is wrong and how it takes it', async () => {
    expect(await cli(['replay'])).toMatchObject({ code: 2, out: '' });
    expect(await cli(['nope'])).toMatchObject({ code: 2, err: expect.stringContaining("unknown command 'nope'") as unknown });
    expect(await cli(['log', 'cat', '--help'])).toMatchObject({ code: 0, out: expect.stringContaining('Examples:') as unknown });
    expect(await cli(['log', 'cat'], tmpdir())).toMatchObject({ code: 3, out: '' });
  });

  it('says which version it is', async () => {
    expect(await cli(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  it('says so when what it prints cannot be written', async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [main, 'log', 'cat'], { cwd: clone, stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    const [err, [code]] = await Promise.all([
      child.stderr ? text(child.stderr) : '',
      once(child, 'close') as Promise<[number | null]>,
    ]);
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/^error: The output cannot be written: ENOSPC.*\n$/) as unknown,
    });
  });

  it('ends quietly when nobody reads on', async () => {
    const child = start(['log', 'cat'], clone);
    let err = '';
    child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.stdout?.destroy();
    const [code] = (await once(child, 'close')) as unknown[];
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });
});
