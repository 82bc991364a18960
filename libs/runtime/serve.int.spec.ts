import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Ready } from '#runtime';

describe('serve', () => {
  let folder: string;
  let config: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'serve-'));
    config = join(folder, 'sallyport.yml');
    writeFileSync(config, 'dataDir: data\n');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const run = (...args: string[]): Run => {
    const child = fork(new URL('./fixtures/service.js', import.meta.url), args, { silent: true, execArgv: [] });
    return {
      child,
      ready: once(child, 'message').then(([message]) => message as Ready),
      exit: once(child, 'exit').then(([code]) => code as number),
      log: child.stderr ? text(child.stderr) : Promise.resolve(''),
    };
  };
  const steps = (log: string): unknown[] =>
    log
      .split('\n')
      .filter((line) => line.includes('"step"'))
      .map((line) => {
        const { step, msg } = JSON.parse(line) as Record<string, unknown>;
        return [step, msg];
      });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'answers, tells its parent where, and on %s stops in order with exit code 0',
    async (signal) => {
      const { child, ready, exit, log } = run('--config', config);
      const { listening } = await ready;
      await once(connect(listening.fixture ?? 0, '127.0.0.1').unref(), 'connect');
      child.kill(signal);
      expect(await exit).toBe(0);
      expect(steps(await log)).toEqual([
        ['first', 'stop step done'],
        ['second', 'stop step done'],
      ]);
    },
  );

  it('ends by itself when its parent is gone', async () => {
    const { child, ready, exit } = run('--config', config);
    await ready;
    child.disconnect();
    expect(await exit).toBe(0);
  });

  it('goes on past a stop step that is late, and exits with 1', async () => {
    const { child, ready, exit, log } = run('--config', config, '--fault', 'stop');
    await ready;
    child.kill('SIGTERM');
    expect(await exit).toBe(1);
    expect(steps(await log)).toEqual([
      ['first', 'stop step late'],
      ['second', 'stop step done'],
    ]);
  });

  it.each([
    ['cannot start', 'start', 'no start'],
    ['fails later', 'later', 'gave up'],
  ])('exits with 1 and says why when it %s', async (_, fault, why) => {
    const { exit, log } = run('--config', config, '--fault', fault);
    expect(await exit).toBe(1);
    expect(await log).toContain(`"message":"${why}"`);
  });

  it('prints the problems of its configuration and exits with 2', async () => {
    writeFileSync(config, 'datadir: data\n');
    const { exit, log } = run('--config', config);
    expect(await exit).toBe(2);
    expect(await log).toBe(
      `${config}:1:1 dataDir: is missing\n${config}:1:1 datadir: is not a key that is known here; did you mean dataDir?\n`,
    );
  });

  it('exits with 2 when no configuration is named', async () => {
    const { exit, log } = run();
    expect([await exit, await log]).toEqual([2, '--config sallyport.yml is missing\n']);
  });
});

interface Run {
  readonly child: ChildProcess;
  readonly ready: Promise<Ready>;
  readonly exit: Promise<number>;
  readonly log: Promise<string>;
}
