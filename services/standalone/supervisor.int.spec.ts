import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Supervisor, type Unit, UnitEnded } from './supervisor.js';

describe('Supervisor', () => {
  let logs: string;
  let supervisor: Supervisor;
  beforeEach(() => {
    logs = mkdtempSync(join(tmpdir(), 'logs-'));
    supervisor = new Supervisor(logs);
  });
  afterEach(async () => {
    await supervisor.stop([['one', 'two']]);
    rmSync(logs, { recursive: true });
  });

  const unit = (name: string, behaviour: string, limits: Partial<Unit> = {}): Unit => ({
    name,
    main: fileURLToPath(new URL('fixtures/unit.js', import.meta.url)),
    config: behaviour,
    startMs: 10_000,
    stopMs: 5_000,
    ...limits,
  });
  const isAlive = (pid: number | undefined): boolean => {
    try {
      return process.kill(pid ?? 0, 0);
    } catch {
      return false;
    }
  };
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
  };

  it('starts a process, waits for its word, and stops it', async () => {
    expect(await supervisor.start(unit('one', 'good'))).toEqual({ type: 'ready', listening: { unit: 1 } });
    const { one } = supervisor.pids;
    expect(isAlive(one)).toBe(true);
    expect(await supervisor.stop([['one']])).toEqual([]);
    expect(isAlive(one)).toBe(false);
  });

  it('tells of a process that cannot start, with the end of its log', async () => {
    const failure: unknown = await supervisor.start(unit('one', 'broken')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UnitEnded);
    expect((failure as Error).message).toBe(`one ended by itself (exit code 2); the end of ${logs}/one.log:\n  no such thing`);
  });

  it('gives up on a process that does not answer', async () => {
    await expect(supervisor.start(unit('one', 'silent', { startMs: 200 }))).rejects.toThrow('one did not answer within 0.2 s');
  });

  it('tells of a process that ends later, unasked', async () => {
    await Promise.all([supervisor.start(unit('one', 'good')), supervisor.start(unit('two', 'good'))]);
    process.kill(supervisor.pids.two ?? 0, 'SIGKILL');
    expect((await supervisor.failure).unit).toBe('two');
  });

  it('kills what does not stop in time, and says so', async () => {
    await supervisor.start(unit('one', 'stubborn', { stopMs: 100 }));
    expect(await supervisor.stop([['two'], ['one']])).toEqual(['one']);
  });

  it('lets those that stop later have the time that was left by those before them', async () => {
    await supervisor.start(unit('one', 'good', { stopMs: 5_000 }));
    await supervisor.start(unit('two', 'slow', { stopMs: 50 }));
    expect(await supervisor.stop([['one'], ['two']])).toEqual([]);
  });

  it('ends what a process leaves behind, and lists it while it runs', async () => {
    await supervisor.start(unit('one', 'parent'));
    const { child } = supervisor.pids;
    expect(isAlive(child)).toBe(true);
    await supervisor.stop([['one']]);
    await until(() => !isAlive(child));
  });

  it('starts nothing once it is stopping', async () => {
    await supervisor.stop([]);
    await expect(supervisor.start(unit('one', 'good'))).rejects.toThrow('everything is being stopped');
  });
});
