import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A service as it is built, in a process of its own. */
export class ServiceProcess {
  private child: ChildProcess | undefined;
  private said = '';

  constructor(
    private readonly service: string,
    private readonly config: string,
  ) {}

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** What it wrote to its log since it was started. */
  get log(): string {
    return this.said;
  }

  /** Resolves when it answers. @throws with its log, when it ends instead */
  async start(): Promise<this> {
    const main = fileURLToPath(new URL(`../../services/${this.service}/main.js`, import.meta.url));
    const child = fork(main, ['--config', this.config], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
    this.said = '';
    child.stderr?.on('data', (chunk: Buffer) => (this.said += chunk.toString('utf8')));
    const exited = once(child, 'exit').then(() => {
      throw new Error(`the ${this.service} ended:\n${this.said}`);
    });
    await Promise.race([once(child, 'message'), exited]);
    exited.catch(() => undefined);
    this.child = child;
    return this;
  }

  /** Resolves with its exit code once it is gone; nothing if it ended before. */
  async end(signal: NodeJS.Signals): Promise<number | null | undefined> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return undefined;
    const exit = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    return (await exit)[0];
  }
}
