import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ready } from '#runtime';
import { logTail } from './log-tail.js';

/** A process to run. */
export interface Unit {
  readonly name: string;
  /** Its main.js. */
  readonly main: string;
  /** What it gets as `--config`. */
  readonly config: string;
  readonly startMs: number;
  /** How long it may take to stop before it is killed, beside what those stopped before it left of their time. */
  readonly stopMs: number;
  /** Beside our own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A process ended that nobody asked to. */
export class UnitEnded extends Error {
  override readonly name = 'UnitEnded';
  constructor(
    readonly unit: string,
    how: string,
    readonly log: string,
    tail: string,
  ) {
    super(`${unit} ended by itself (${how}); the end of ${log}:\n${tail}`);
  }
}

interface Child {
  readonly unit: Unit;
  readonly process: ChildProcess;
  readonly exited: Promise<void>;
  ready: Ready | undefined;
  asked: boolean;
}

/** Starts processes, tells when one ends unasked, and stops them. */
export class Supervisor {
  private closed = false;
  private readonly children = new Map<string, Child>();
  private reportFailure: (failure: UnitEnded) => void = () => undefined;
  /** Settles with the first process that ended by itself. */
  readonly failure = new Promise<UnitEnded>((resolve) => (this.reportFailure = resolve));

  /** @param logs the folder for what the processes write, `<name>.log` */
  constructor(private readonly logs: string) {
    mkdirSync(logs, { recursive: true, mode: 0o700 });
  }

  /** Process ids by name, those that a process reported of its own in place of its own. */
  get pids(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.children.values()].flatMap(({ unit, process, ready }) =>
        Object.entries({ [unit.name]: process.pid ?? 0, ...ready?.pids }),
      ),
    );
  }

  /** Resolves when the process says that it answers. @throws UnitEnded, or an Error when it takes too long */
  async start(unit: Unit): Promise<Ready> {
    if (this.closed) throw new Error(`${unit.name} is not started: everything is being stopped`);
    const child = this.spawn(unit);
    this.children.set(unit.name, child);
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Ready>((resolve, reject) => {
        child.process.once('message', (message) => {
          child.ready = message as Ready;
          resolve(child.ready);
        });
        child.process.once('error', reject);
        child.process.once('exit', () => {
          reject(this.ended(child));
        });
        timer = setTimeout(() => {
          reject(
            new Error(
              `${unit.name} did not answer within ${unit.startMs / 1000} s; the end of ${this.logOf(unit)}:\n${this.tail(unit)}`,
            ),
          );
        }, unit.startMs);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Stops what runs, stage after stage, those of a stage together, and kills what is late. What a stage leaves of its time the later
   * ones may use. Nothing can be started any more.
   * @returns the names of those that had to be killed
   */
  async stop(stages: readonly (readonly string[])[]): Promise<readonly string[]> {
    this.closed = true;
    const killed: string[] = [];
    let due = performance.now();
    for (const stage of stages) {
      const children = stage.flatMap((name) => this.children.get(name) ?? []);
      await Promise.all(children.map((child) => this.stopOne(child, due + child.unit.stopMs)));
      due += Math.max(0, ...children.map(({ unit }) => unit.stopMs));
      killed.push(...children.filter(({ process }) => process.signalCode === 'SIGKILL').map(({ unit }) => unit.name));
    }
    return killed;
  }

  private spawn(unit: Unit): Child {
    const log = openSync(this.logOf(unit), 'w', 0o600);
    try {
      // Detached: a session of its own, so that the terminal's Ctrl-C reaches standalone alone, which stops in order.
      const child = spawn(process.execPath, ['--enable-source-maps', unit.main, '--config', unit.config], {
        detached: true,
        env: { ...process.env, ...unit.env },
        stdio: ['ignore', log, log, 'ipc'],
      });
      const exited = new Promise<void>((resolve) =>
        child.once('exit', () => {
          resolve();
        }),
      );
      const supervised: Child = { unit, process: child, exited, ready: undefined, asked: false };
      child.once('exit', () => {
        this.onExit(supervised);
      });
      return supervised;
    } finally {
      closeSync(log);
    }
  }

  private onExit(child: Child): void {
    this.children.delete(child.unit.name);
    killGroup(child.process);
    if (!child.asked) this.reportFailure(this.ended(child));
  }

  private async stopOne(child: Child, due: number): Promise<void> {
    child.asked = true;
    child.process.kill('SIGTERM');
    const late = setTimeout(() => {
      killGroup(child.process);
    }, due - performance.now());
    await child.exited;
    clearTimeout(late);
  }

  private ended({ unit, process: { exitCode, signalCode } }: Child): UnitEnded {
    return new UnitEnded(unit.name, signalCode ?? `exit code ${exitCode ?? 'unknown'}`, this.logOf(unit), this.tail(unit));
  }

  private logOf({ name }: Unit): string {
    return join(this.logs, `${name}.log`);
  }

  private tail(unit: Unit): string {
    return logTail(readFileSync(this.logOf(unit), 'utf8'), 8)
      .map((line) => `  ${line}`)
      .join('\n');
  }
}

/** A detached process leads a group: what it started and left behind goes with it. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // the group is gone already
  }
}
