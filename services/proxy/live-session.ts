import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { EventOf } from '#events';
import { type Draft, EventTooBig, type Journal, LogFailed } from '#event-log';
import { sendCancel } from '#pgwire';
import type { Parsed, SqlParser } from '#sql';
import type { Logger } from '#runtime';
import type { CatalogHandle } from './catalogs.js';
import { type AnyDraft, type Need, SessionPort, type Timer } from './session/port.js';
import type { RunningThen, Session } from './session/session.js';

/** When the token is no longer good that the session is open by, and what becomes then of what runs. */
export interface TokenEnds {
  /** Unix milliseconds. */
  readonly at: number;
  readonly running: RunningThen;
}

export interface LiveOptions {
  readonly id: string;
  readonly client: Socket;
  readonly server: Socket;
  readonly journal: Journal;
  readonly parser: SqlParser;
  readonly catalog: CatalogHandle;
  readonly cancelTarget: Parameters<typeof sendCancel>[0];
  readonly log: Logger;
  readonly idleMs: number | undefined;
  /** Absent: it is good for ever. */
  readonly tokenEnds?: TokenEnds | undefined;
  readonly closed: () => void;
}

/** How long a peer may take to read what it was sent last, before its connection is cut. */
const farewellMs = 5_000;

/** Clocks are set, machines sleep, and no timer is longer than 24 days: how far an end is away is looked at again. */
const lookAgainMs = 600_000;

/** A session between two sockets: the shell around the machine. */
export class LiveSession extends SessionPort {
  private session: Session | undefined;
  private readonly timers = new Map<Timer, NodeJS.Timeout>();
  private tokenTimer: NodeJS.Timeout | undefined;
  private readonly corked = new Set<Socket>();
  private readonly startedUs = this.micros();
  private clientPaused = false;
  private over = false;

  constructor(private readonly options: LiveOptions) {
    super();
  }

  /** Connects the machine: `early` is what the client sent behind its token. */
  run(session: Session, early: Buffer, earlyServer: Buffer): void {
    this.session = session;
    const { client, server } = this.options;
    client.setNoDelay(true);
    server.setNoDelay(true);
    this.join(client, server, (chunk) => {
      this.idleAgain();
      session.fromClient(chunk);
    });
    this.join(server, client, (chunk) => {
      session.fromServer(chunk);
    });
    client.once('end', () => {
      session.clientGone();
    });
    client.once('close', () => {
      session.clientGone();
    });
    server.once('close', () => {
      session.serverGone();
    });
    if (client.destroyed || client.readableEnded) {
      session.clientGone();
      return;
    }
    if (server.destroyed) {
      session.serverGone();
      return;
    }
    this.idleAgain();
    this.watchToken();
    if (earlyServer.length > 0) session.fromServer(earlyServer);
    if (early.length > 0) session.fromClient(early);
    if (!this.clientPaused) client.resume();
    server.resume();
  }

  toServer(bytes: Buffer): void {
    this.write(this.options.server, bytes);
  }

  toClient(bytes: Buffer): void {
    this.write(this.options.client, bytes);
  }

  record(drafts: readonly AnyDraft[], need: Need, settled?: (error?: LogFailed) => void): void {
    const { journal, id } = this.options;
    const heard = (error?: Error): void => {
      this.session?.attempt(() => {
        settled?.(error && (error instanceof LogFailed ? error : new LogFailed(error.message, { cause: error })));
      });
    };
    const add = (them: readonly AnyDraft[], how: Need, done?: typeof heard): void => {
      journal.add(
        them.map((draft) => ofSession(draft, id)),
        how,
        done,
      );
    };
    try {
      add(drafts, need, settled && heard);
    } catch (error) {
      if (error instanceof EventTooBig) add(drafts.flatMap(accountOf), 'linger');
      throw error;
    }
  }

  parse(sql: Buffer, done: (parsed: Parsed) => void): void {
    const parsed = this.options.parser.parse(sql);
    if (!(parsed instanceof Promise)) {
      done(parsed);
      return;
    }
    const answer = (result: Parsed): void => {
      this.session?.attempt(() => {
        done(result);
      });
    };
    parsed.then(answer, (error: unknown) => {
      this.defect(error);
      answer({ kind: 'refused', reason: 'the parser failed' });
    });
  }

  refreshCatalog(done: (error?: Error) => void): void {
    const answer = (error?: Error): void => {
      this.session?.attempt(() => {
        done(error);
      });
    };
    this.options.catalog.refresh().then(
      () => {
        answer();
      },
      (error: unknown) => {
        this.options.log.warn({ session: this.options.id, err: error }, 'the catalog could not be read');
        answer(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  arm(timer: Timer, ms: number): void {
    this.disarm(timer);
    this.timers.set(
      timer,
      setTimeout(() => {
        this.timers.delete(timer);
        const { session } = this;
        session?.attempt(() => {
          session.tick(timer);
        });
      }, ms),
    );
  }

  disarm(timer: Timer): void {
    clearTimeout(this.timers.get(timer));
    this.timers.delete(timer);
  }

  cancelServer(): void {
    const { cancelTarget, log, id } = this.options;
    sendCancel(cancelTarget).catch((error: unknown) => {
      log.warn({ session: id, err: error }, 'the server could not be asked to cancel');
    });
  }

  cutServer(): void {
    const { server } = this.options;
    this.cancelServer();
    // A backend whose answer cannot be written ends, whatever still lies in its buffers; one that reads an orderly end runs them first.
    if (server instanceof TLSSocket) server.destroy();
    else server.resetAndDestroy();
  }

  pauseClient(): void {
    this.clientPaused = true;
    this.options.client.pause();
  }

  resumeClient(): void {
    this.clientPaused = false;
    this.options.client.resume();
  }

  defect(error: unknown): void {
    this.options.log.error({ session: this.options.id, err: error }, 'a session failed');
  }

  end(reason: EventOf<'session.closed'>['data']['reason'], detail?: string): void {
    if (this.over) return;
    this.over = true;
    const { client, server, journal, id, closed, session } = { ...this.options, session: this.session };
    session?.finish();
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    clearTimeout(this.tokenTimer);
    const { statements = 0, client: c = 0, server: s = 0 } = session?.totals ?? {};
    const us = this.micros() - this.startedUs;
    this.record(
      [
        {
          type: 'session.closed',
          data: { reason, client: c, server: s, statements, us, ...(detail !== undefined && { detail }) },
        },
      ],
      'linger',
    );
    journal.forget(id);
    farewell(client);
    farewell(server);
    closed();
  }

  micros(): number {
    return Math.round(performance.now() * 1000);
  }

  now(): number {
    return Date.now();
  }

  private idleAgain(): void {
    if (this.options.idleMs !== undefined) this.arm('idle', this.options.idleMs);
  }

  private watchToken(): void {
    const { tokenEnds } = this.options;
    if (!tokenEnds || this.over) return;
    const left = tokenEnds.at - this.now();
    this.tokenTimer = setTimeout(
      () => {
        if (this.now() < tokenEnds.at) this.watchToken();
        else this.session?.tokenEnded('token-expired', tokenEnds.running);
      },
      Math.max(0, Math.min(left, lookAgainMs)),
    );
  }

  /** Reads `from` only as fast as `to` takes what comes of it. */
  private join(from: Socket, to: Socket, read: (chunk: Buffer) => void): void {
    from.on('data', (chunk: Buffer) => {
      read(chunk);
      // What a client sends may be answered here: one that does not read is not read from either.
      if (to.writableNeedDrain || from.writableNeedDrain) from.pause();
    });
    const resume = (): void => {
      if (this.over || to.writableNeedDrain || from.writableNeedDrain) return;
      if (!(from === this.options.client && this.clientPaused)) from.resume();
    };
    to.on('drain', resume);
    from.on('drain', resume);
  }

  /** What is written in one turn of the loop leaves in one piece. */
  private write(socket: Socket, bytes: Buffer): void {
    if (!socket.writable) return;
    if (!this.corked.has(socket)) {
      this.corked.add(socket);
      socket.cork();
      process.nextTick(() => {
        this.corked.delete(socket);
        socket.uncork();
      });
    }
    socket.write(bytes);
  }
}

// Written out: an object that is spread costs several times as much.
const ofSession = ({ type, data, wire, parts }: AnyDraft, session: string): Draft =>
  ({ type, session, data, wire, parts }) as Draft;

/** What an event accounts for, without what it says: that takes more than an event holds, which bytes it came in does not. */
const accountOf = ({ wire, parts }: AnyDraft): AnyDraft[] =>
  wire ? [{ type: 'wire.recorded', data: {}, wire, ...(parts && { parts }) }] : [];

/** Ends a connection after what was written to it, and cuts it should the other side not take it. */
function farewell(socket: Socket): void {
  if (socket.destroyed) return;
  socket.end();
  socket.resume(); // what still comes is read away: unread bytes would turn the end into a reset
  const cut = setTimeout(() => socket.destroy(), farewellMs);
  socket.once('close', () => {
    clearTimeout(cut);
  });
}
