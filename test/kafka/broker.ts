import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../deploy/kafka/start.mjs', import.meta.url));

/** A real broker over a folder of its own, which goes with it. Its port stays the same over restarts. */
export class Broker {
  private readonly home = mkdtempSync(join(tmpdir(), 'sallyport-kafka-'));
  private starter: ChildProcess | undefined;
  private pid = 0;
  private port = 0;

  /** `host:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Resolves when it answers: the first time on a machine it is fetched before. */
  async start(): Promise<this> {
    if (this.port === 0) this.port = await freePort();
    const starter = spawn(process.execPath, [program, this.home, String(this.port)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.starter = starter;
    const lines = createInterface({ input: starter.stdout });
    const exited = once(starter, 'exit').then(() => {
      throw new Error('the broker did not start');
    });
    const [line] = (await Promise.race([once(lines, 'line'), exited])) as [string];
    exited.catch(() => undefined);
    ({ pid: this.pid } = JSON.parse(line) as { pid: number });
    return this;
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    if (!this.starter) return;
    const gone = once(this.starter, 'exit');
    process.kill(this.pid, 'SIGKILL');
    await gone;
    this.starter = undefined;
  }

  async remove(): Promise<void> {
    if (this.starter) {
      const gone = once(this.starter, 'exit');
      this.starter.kill('SIGTERM');
      await gone;
    }
    rmSync(this.home, { recursive: true });
  }
}

/** A pair of free ports: the broker takes the next one for its controller. */
async function freePort(): Promise<number> {
  for (;;) {
    const first = await listening(0);
    const { port } = first.address() as AddressInfo;
    const second = await listening(port + 1).catch(() => undefined);
    for (const server of [first, ...(second ? [second] : [])]) {
      server.close();
      await once(server, 'close');
    }
    if (second) return port;
  }
}

async function listening(port: number) {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
