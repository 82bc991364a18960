import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeLock } from './lock.js';

describe('takeLock', () => {
  let folder: string;
  let lock: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lock-'));
    lock = join(folder, 'standalone.pid');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('refuses while a standalone runs, and takes over when it is gone', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)', 'standalone'], { stdio: 'ignore' });
    writeFileSync(lock, `${other.pid ?? 0}\n`);
    expect(() => takeLock(lock)).toThrow(`already running here, as process ${other.pid ?? 0}`);
    other.kill('SIGKILL');
    await once(other, 'exit');
    takeLock(lock)();
    expect(existsSync(lock)).toBe(false);
  });

  it('is not kept by a number that another program has got since', () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    writeFileSync(lock, `${other.pid ?? 0}\n`);
    expect(() => takeLock(lock)).not.toThrow();
    other.kill('SIGKILL');
  });
});
