import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { drainPending, Session } from 'chdb';
import { type Forbidden, forbiddenOf } from './guard.js';

export interface EngineOptions {
  /** A directory of its own: the engine's data, and the bodies of inserts while they are read. */
  readonly path: string;
  /** The most that the engine may take for all of its queries. */
  readonly memoryBytes: number;
  /** Queries under way at once. Each holds a thread of libuv's pool while it runs. */
  readonly slots: number;
}

/** Another process has the data directory open, or it cannot be opened at all; the engine says which on stderr. */
export class EngineNotOpened extends Error {
  override readonly name = 'EngineNotOpened';
  constructor(path: string, cause: unknown) {
    super(`the ClickHouse engine does not open ${path}: another process holds its lock (file status), or it is damaged`, {
      cause,
    });
  }
}

/** What one query asks of its session. */
export interface Scope {
  /** A read cannot write, whatever its text. */
  readonly access: 'read' | 'write';
  readonly database: string;
  readonly settings: readonly (readonly [name: string, value: string])[];
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/** A session for one query. Nothing of it outlives the query: settings, parameters and temporary tables go with it. */
export interface Lease {
  readonly session: Session;
  /** Ends the query that the session runs: cancelling its stream alone would leave the engine computing. */
  cancel(): Promise<void>;
  release(): void;
}

/** ClickHouse in this process. A data directory has one engine, and a process has one data directory. */
export class Engine {
  private readonly waiting: (() => void)[] = [];
  private free: number;
  private constructor(
    private readonly root: Session,
    private readonly open: () => Session,
    slots: number,
    readonly inserts: string,
    readonly forbidden: Forbidden,
  ) {
    this.free = slots;
  }

  /** @throws EngineNotOpened */
  static open({ path, memoryBytes, slots }: EngineOptions): Engine {
    const data = join(path, 'engine');
    const inserts = join(path, 'inserts');
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const open = (): Session => new Session(data, { connectionArgs: [`--max_server_memory_usage=${memoryBytes}`] });
    const root = openRoot(data, open);
    // Only now is the directory ours: bodies that a killed process left are nobody's.
    rmSync(inserts, { recursive: true, force: true });
    mkdirSync(inserts, { mode: 0o700 });
    const names = root.query('SELECT name FROM system.table_functions', 'TSV').trim().split('\n');
    return new Engine(root, open, slots, inserts, forbiddenOf(names));
  }

  /** Waits for a free slot. */
  async lease(scope: Scope): Promise<Lease> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    const session = this.open();
    const release = (): void => {
      session.close();
      const next = this.waiting.shift();
      if (next) next();
      else this.free++;
    };
    const mark = randomUUID();
    try {
      await session.queryAsync(prologue(scope, mark));
    } catch (error) {
      release();
      throw error;
    }
    const cancel = async (): Promise<void> => {
      await this.root.queryAsync(`KILL QUERY WHERE Settings['log_comment'] = '${mark}' ASYNC`);
    };
    return { session, cancel, release };
  }

  /** Waits for what is under way, then lets go of the data directory. */
  async close(): Promise<void> {
    await drainPending();
    this.root.close();
    await drainPending();
  }
}

function openRoot(path: string, open: () => Session): Session {
  try {
    return open();
  } catch (cause) {
    throw new EngineNotOpened(path, cause);
  }
}

function prologue({ access, database, settings, parameters }: Scope, mark: string): string {
  return [
    `USE ${quoted(database)}`,
    ...settings.map(([name, value]) => `SET ${name} = ${literal(value)}`),
    ...parameters.map(([name, value]) => `SET param_${name} = ${literal(value)}`),
    // By this the query is found again, to be cancelled.
    `SET log_comment = ${literal(mark)}`,
    ...(access === 'read' ? ['SET readonly = 2'] : []),
  ].join(';');
}

const quoted = (name: string): string => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
/** A ClickHouse string literal. */
export const literal = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
