import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { Answer } from './answer.js';
import { answerTo } from './answer.js';
import { type Bounds, runBounded } from './bounded.js';

/** Where the proxy is, and which database is asked for. */
export interface Door {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  /** A file of certificates to trust, PEM. Absent: the system's. */
  readonly ca?: string;
}

/** Who comes in. The token is asked for whenever a connection is made: it may have been renewed. */
export interface Credentials {
  readonly user: string | undefined;
  readonly token: () => Promise<string>;
}

/** What a connection tells of the run that it serves: it is on record as claimed. */
export interface Run {
  readonly run?: string;
  readonly conversation?: string;
}

/** How the proxy is to take statements: see `sallyport.mode`. */
export type Mode = 'retry' | 'ask' | 'explain';

/** A connection that is kept and not used for so long is closed. */
const usualIdleMs = 60_000;
const connectMs = 15_000;

/**
 * One agent's way to one database: a connection that is kept, for what is run, and others that go after one statement. Statements wait
 * for each other. A connection that was lost is made anew.
 */
export class Database {
  private idle: NodeJS.Timeout | undefined;
  private kept: Promise<pg.Client> | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly door: Door,
    private readonly credentials: Credentials,
    private readonly run: Run,
    private readonly idleMs = usualIdleMs,
  ) {}

  ask(mode: Mode, sql: string, parameters: readonly unknown[], bounds: Bounds): Promise<Answer> {
    clearTimeout(this.idle);
    const answer = this.last
      .then(() => (mode === 'retry' ? this.onKept(sql, parameters, bounds) : this.once(mode, sql, parameters)))
      .catch(answerTo);
    this.last = answer.then(() => {
      clearTimeout(this.idle);
      this.idle = setTimeout(() => void this.close(), this.idleMs).unref();
    });
    return answer;
  }

  /** Ends the connection. The next statement makes another. */
  async close(): Promise<void> {
    await this.last;
    clearTimeout(this.idle);
    const { kept } = this;
    this.kept = undefined;
    await kept?.then((client) => client.end()).catch(() => undefined);
  }

  private async onKept(sql: string, parameters: readonly unknown[], bounds: Bounds): Promise<Answer> {
    const client = await this.connected();
    const notices: string[] = [];
    const note = ({ message }: { readonly message?: string | undefined }): void => {
      notices.push(message ?? '');
    };
    client.on('notice', note);
    try {
      const result = await runBounded(client, sql, parameters, bounds);
      return { status: 'done', ...result, ...(notices.length > 0 && { notices }) };
    } finally {
      client.off('notice', note);
    }
  }

  private connected(): Promise<pg.Client> {
    if (this.kept) return this.kept;
    const connecting = this.connect('retry', () => {
      if (this.kept === connecting) this.kept = undefined;
    });
    this.kept = connecting;
    connecting.catch(() => {
      if (this.kept === connecting) this.kept = undefined;
    });
    return connecting;
  }

  /** In these modes nothing is run, and the answer is a refusal. */
  private async once(mode: 'ask' | 'explain', sql: string, parameters: readonly unknown[]): Promise<Answer> {
    const client = await this.connect(mode, () => undefined);
    try {
      await client.query(sql, [...parameters]);
      return { status: 'done' };
    } finally {
      await client.end();
    }
  }

  /** @param lost told when the connection has ended, and perhaps again */
  private async connect(mode: Mode, lost: () => void): Promise<pg.Client> {
    const { host, port, database, ca } = this.door;
    const password = await this.credentials.token();
    const user = this.credentials.user ?? subjectOf(password);
    if (user === undefined) throw new Error('the token says not who it is for: name the user');
    const client = new pg.Client({
      ...{ host, port, database, user, password },
      ssl: { ...(ca !== undefined && { ca: readFileSync(ca, 'utf8') }) },
      application_name: 'sallyport mcp',
      connectionTimeoutMillis: connectMs,
      options: optionsOf({ mode, ...this.run }),
    });
    client.on('error', lost);
    client.on('end', lost);
    await client.connect();
    return client;
  }
}

/** As libpq takes them: spaces and backslashes are escaped. */
const optionsOf = (own: Readonly<Record<string, string | undefined>>): string =>
  Object.entries(own)
    .filter(([, value]) => value !== undefined)
    .map(([name, value = '']) => `-c sallyport.${name}=${value.replace(/[\\\s]/g, '\\$&')}`)
    .join(' ');

/** Who a JWT says that it is for. Nothing is decided by it here: the proxy checks the token, and that the user is who it says. */
function subjectOf(token: string): string | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const sub = (payload as { readonly sub?: unknown } | null)?.sub;
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}
