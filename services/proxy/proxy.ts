import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Journal } from '#event-log';
import type { Authenticator, Revocations } from '#identity';
import { encodeErrorResponse, ProtocolViolation } from '#pgwire';
import type { Policy } from '#policy';
import type { Config, Logger } from '#runtime';
import type { SqlParser } from '#sql';
import { Admission, type Admitted, type HeldToken } from './admission.js';
import { Arrival, NoSession } from './arrival.js';
import { Authentication } from './authentication.js';
import type { TargetAccess } from './catalogs.js';
import { enter } from './door.js';
import { SessionJudge } from './judge.js';
import { CancelKeys } from './keys.js';
import { LiveSession, type TokenEnds } from './live-session.js';
import { SessionRefused } from './refused.js';
import type { Holds } from './session/port.js';
import { Session } from './session/session.js';
import { endpointOf, type Upstream } from './upstream.js';

export interface ProxyOptions {
  readonly config: Config<'proxy'>;
  readonly journal: Journal;
  readonly authenticator: Authenticator;
  readonly revocations: Revocations;
  readonly policy: Policy;
  readonly parser: SqlParser;
  readonly access: TargetAccess;
  readonly upstream: Upstream;
  readonly holds: Holds;
  readonly log: Logger;
}

const resultBytes = { statement: 256 * 1024, session: 16 * 1024 * 1024 };
const waitingBytes = 1024 * 1024;

/** Listens, lets sessions in, and keeps them. */
export class Proxy {
  private readonly server: Server;
  private readonly tls: SecureContext;
  private readonly keys = new CancelKeys();
  private readonly admission: Admission;
  private readonly arriving = new Set<Socket>();
  private readonly sessions = new Map<LiveSession, { readonly session: Session; readonly token: HeldToken }>();
  private emptied: (() => void) | undefined;

  constructor(private readonly options: ProxyOptions) {
    const { config } = options;
    const { cert, key } = config.listen.tls;
    this.tls = createSecureContext({ cert: readFileSync(cert), key: readFileSync(key), minVersion: 'TLSv1.2' });
    this.admission = new Admission({ ...options, targets: config.targets, authentication: new Authentication(options) });
    options.revocations.listen((id) => {
      this.revoked(id);
    });
    this.server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      void this.accept(socket);
    });
  }

  /** Resolves with the port when the proxy answers. */
  async listen(): Promise<number> {
    const { host, port } = this.options.config.listen;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    const address = this.server.address();
    return typeof address === 'object' && address ? address.port : port;
  }

  /** No new sessions; resolves when those that are open have ended, at the latest when `deadline` aborts: then they are ended. */
  async drain(deadline: AbortSignal): Promise<void> {
    this.server.close();
    for (const socket of this.arriving) socket.destroy();
    const idle = new Promise<void>((resolve) => {
      this.emptied = resolve;
      if (this.sessions.size === 0) resolve();
    });
    const end = (): void => {
      for (const { session } of [...this.sessions.values()])
        session.fatal('shutdown', '57P01', 'terminating connection due to administrator command');
    };
    if (deadline.aborted) end();
    else deadline.addEventListener('abort', end, { once: true });
    await idle;
  }

  /** Ids of the service tokens by which sessions are open, each once. */
  get serviceTokens(): readonly string[] {
    const held = [...this.sessions.values()].map(({ token }) => token);
    return [...new Set(held.flatMap(({ method, id }) => (method === 'service-token' && id !== undefined ? [id] : [])))];
  }

  /** Ends every session that is open by this token. */
  revoked(tokenId: string): void {
    for (const { session, token } of [...this.sessions.values()])
      if (token.id === tokenId) session.tokenEnded('token-revoked', 'cancel');
  }

  private async accept(socket: Socket): Promise<void> {
    const { log, config } = this.options;
    this.arriving.add(socket);
    const late = setTimeout(() => socket.destroy(), config.limits.startupSeconds * 1000);
    socket.once('close', () => {
      clearTimeout(late);
    });
    const arrival = new Arrival(socket);
    try {
      const request = await enter(arrival, this.tls);
      if (request.kind === 'cancel') {
        this.keys.cancel(request.pid, request.key);
        arrival.socket.end();
        return;
      }
      if (this.sessions.size >= config.limits.connections) {
        arrival.socket.end(
          encodeErrorResponse({
            severity: 'FATAL',
            code: '53300',
            message: 'sorry, too many clients already',
            hint: 'limits.connections bounds the sessions of this proxy.',
          }),
        );
        return;
      }
      const admitted = await this.admission.admit(arrival, request);
      clearTimeout(late);
      this.begin(admitted, arrival.socket);
    } catch (error) {
      if (!(error instanceof NoSession || error instanceof ProtocolViolation || error instanceof SessionRefused))
        log.error({ err: error }, 'a connection failed');
      if (!(error instanceof SessionRefused)) arrival.socket.destroy();
    } finally {
      this.arriving.delete(socket);
    }
  }

  private begin(admitted: Admitted, client: Socket): void {
    const { config, journal, parser, log, policy, holds, revocations } = this.options;
    const { id, principal, actors, run, token, mode, mayRunAs, destination } = admitted;
    const { upstream, catalog, state, secret, early } = admitted;
    let release: () => void = () => undefined;
    const live = new LiveSession({
      id,
      client,
      server: upstream.socket,
      journal,
      parser,
      catalog,
      cancelTarget: { ...endpointOf(destination.target), ...upstream.backend, connectTimeoutMs: 5_000 },
      log,
      idleMs: config.limits.idleSeconds === undefined ? undefined : config.limits.idleSeconds * 1000,
      tokenEnds: tokenEnds(config.limits, token),
      closed: () => {
        release();
        catalog.close();
        this.sessions.delete(live);
        if (this.sessions.size === 0) this.emptied?.();
      },
    });
    const facts = {
      id,
      principal,
      actors,
      run,
      mode,
      mayRunAs,
      target: destination.target.name,
      database: destination.database,
      durability: destination.target.durability,
      limits: {
        messageBytes: config.limits.messageMiB * 1024 * 1024,
        statementResultBytes: resultBytes.statement,
        sessionResultBytes: resultBytes.session,
        waitingBytes,
      },
    };
    const session = new Session(facts, live, new SessionJudge(policy, catalog, facts), holds, state);
    release = this.keys.add(upstream.backend.pid, secret, session);
    this.sessions.set(live, { session, token });
    live.run(session, early, upstream.early);
    // It may have been revoked since it was checked.
    if (token.id !== undefined && revocations.has(token.id)) this.revoked(token.id);
  }
}

function tokenEnds({ tokenExpiry, graceSeconds }: Config<'proxy'>['limits'], { goodUntil }: HeldToken): TokenEnds | undefined {
  if (goodUntil === undefined) return undefined;
  return {
    at: goodUntil + (tokenExpiry === 'grace' ? graceSeconds * 1000 : 0),
    running: tokenExpiry === 'expiry' ? 'cancel' : 'finish',
  };
}
