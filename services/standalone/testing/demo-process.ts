import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readTapped, type TappedSession } from '../../../test/tap/index.js';
import type { DemoFile } from '../demo-file.js';
import { processesWith, type SystemProcess } from '../../../test/canary/processes.js';

export interface Stopped {
  readonly code: unknown;
  readonly ms: number;
  /** What is left of it. */
  readonly processes: readonly SystemProcess[];
}

/** The demo as `npm run demo` starts it, but for the tap that is before its proxy. */
export class DemoProcess {
  /** demo.json, as it was when it was there first, and when the story was done. */
  readonly files: DemoFile[] = [];
  /** Which of its addresses answered when they were known first. */
  answered: readonly boolean[] = [];
  /** All that it printed, once it has ended. */
  readonly output: Promise<string>;
  private readonly child: ChildProcess;
  private readonly tapped: string;

  private constructor(
    private readonly folder: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
  ) {
    this.tapped = join(folder, 'tapped.json');
    const program = fileURLToPath(new URL('../fixtures/tapped.js', import.meta.url));
    this.child = spawn(process.execPath, [program, 'demo', '--home', this.home, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // Colours are for people; with CI=true they would be there even in a pipe.
      env: { ...process.env, NO_COLOR: '1', KAFKA_BROKERS: '', TMPDIR: folder, ...env, TAPPED_SESSIONS: this.tapped },
    });
    this.output = text(this.child.stdout as NodeJS.ReadableStream);
  }

  /**
   * Resolves when the story is done.
   * @param folder where it keeps everything: a process can enter it as any user
   * @throws with what it printed, when it ends instead
   */
  static async start(folder: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<DemoProcess> {
    if (existsSync(join(folder, 'home', 'demo.json'))) throw new Error('a demo runs there already');
    const demo = new DemoProcess(folder, args, env);
    const ended = once(demo.child, 'exit').then(async () => Promise.reject(new Error(await demo.output)));
    ended.catch(() => undefined);
    await Promise.race([demo.untilDone(), ended]);
    return demo;
  }

  get home(): string {
    return join(this.folder, 'home');
  }

  get file(): DemoFile {
    const last = this.files.at(-1);
    if (!last) throw new Error('the demo has not said where it is');
    return last;
  }

  get processes(): readonly SystemProcess[] {
    return processesWith(this.tapped);
  }

  /** Ctrl-C. Nothing happens to one that was stopped before. */
  async stop(): Promise<Stopped> {
    const began = performance.now();
    if (this.child.exitCode === null) {
      this.child.kill('SIGINT');
      await once(this.child, 'exit');
    }
    return { code: this.child.exitCode, ms: performance.now() - began, processes: this.processes };
  }

  /** What the tap saw, once the demo has stopped. */
  sessions(): TappedSession[] {
    return readTapped(this.tapped);
  }

  /** The file is another process's, which says nothing: it is looked at again. */
  private async untilDone(): Promise<void> {
    const path = join(this.home, 'demo.json');
    for (;;) {
      const found = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as DemoFile) : undefined;
      if (found && found.story !== this.files.at(-1)?.story) {
        this.files.push(found);
        if (this.files.length === 1)
          this.answered = await Promise.all([found.proxyUrl, found.directUrl, found.apiUrl].map(answers));
      }
      if (found?.story === 'done') return;
      await setTimeout(20);
    }
  }
}

async function answers(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
