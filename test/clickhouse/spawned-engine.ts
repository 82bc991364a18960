import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../services/clickhouse/main.js', import.meta.url));

/** The embedded ClickHouse in a process of its own, over a directory that goes with it. */
export class SpawnedEngine {
  readonly user = 'sallyport';
  readonly password = 'for-this-test-only';
  readonly root = mkdtempSync(join(tmpdir(), 'sallyport-clickhouse-'));
  private port = 0;
  private child: ChildProcess | undefined;

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it on the port that it had before, where it had one; resolves when it answers. */
  async start(dataDir = join(this.root, 'data')): Promise<this> {
    if (this.port === 0) this.port = await freePort();
    const config = join(this.root, 'sallyport.yml');
    writeFileSync(join(this.root, 'password'), this.password, { mode: 0o600 });
    writeFileSync(config, `dataDir: ${dataDir}\nclickhouse: { port: ${this.port}, password: { file: password } }\n`);
    const child = spawn(process.execPath, [main, '--config', config], {
      env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child = child;
    const said: Buffer[] = [];
    child.stderr?.on('data', (chunk: Buffer) => said.push(chunk));
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => {
        throw new Error(`the engine did not start: ${Buffer.concat(said).toString()}`);
      }),
    ]);
    return this;
  }

  /** Resolves with its exit code once it is gone. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return null;
    const exit = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    return (await exit)[0];
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.root, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
