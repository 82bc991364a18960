import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../services/clickhouse/main.js', import.meta.url));

/** The real engine in a process of its own, over a directory that goes with it. */
export class SpawnedEngine {
  readonly user = 'sallyport';
  readonly password = 'for-this-test-only';
  private child: ChildProcess | undefined;
  private port = 0;
  readonly root = mkdtempSync(join(tmpdir(), 'sallyport-clickhouse-'));

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** On the port it had before, where it had one. Resolves when it listens. */
  async start(data = join(this.root, 'data')): Promise<this> {
    const password = join(this.root, 'password');
    writeFileSync(password, this.password, { mode: 0o600 });
    const args = [main, '--path', data, '--port', String(this.port), '--password-file', password];
    this.child = spawn(process.execPath, args, {
      env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const errors: string[] = [];
    this.child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
    if (!this.child.stdout) throw new Error('the engine has no output');
    for await (const line of createInterface({ input: this.child.stdout })) {
      const { port } = JSON.parse(line) as { port?: number };
      if (port === undefined) continue;
      this.port = port;
      this.child.stdout.resume();
      return this;
    }
    throw new Error(`the engine did not start: ${errors.join('')}`);
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    const child = this.child;
    if (!child || child.exitCode !== null) return null;
    child.kill(signal);
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.root, { recursive: true, force: true });
  }
}
