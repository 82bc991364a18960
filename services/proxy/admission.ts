import { randomBytes } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { type Journal, LogFailed } from '#event-log';
import { type EventOf, type Principal, uuidv7 } from '#events';
import { targetOf } from '#identity';
import {
  connect,
  type Connection,
  encodeAuthenticationOk,
  encodeBackendKeyData,
  encodeErrorResponse,
  encodeParameterStatus,
  encodeReadyForQuery,
  ProtocolViolation,
  ServerRefused,
} from '#pgwire';
import { loginFor, type Policy } from '#policy';
import { SecretUnavailable } from '#secrets';
import { type Arrival, NoSession } from './arrival.js';
import type { Authentication, Identified } from './authentication.js';
import type { CatalogHandle, TargetAccess } from './catalogs.js';
import type { StartupRequest } from './door.js';
import { requestedBy, type Requested } from './parameters.js';
import { SessionRefused } from './refused.js';
import type { Mode } from './session/port.js';
import { readState, type ServerState, stateQuestion } from './session/state-query.js';
import { type Destination, destinationOf, type Target } from './targets.js';
import { ask } from './ask.js';
import type { Upstream } from './upstream.js';

export interface AdmissionOptions {
  readonly targets: readonly Target[];
  readonly authentication: Authentication;
  readonly policy: Policy;
  readonly journal: Journal;
  readonly access: TargetAccess;
  readonly upstream: Upstream;
}

/** A client that was let in, and the server session that is its own. */
export interface Admitted {
  readonly id: string;
  readonly principal: Principal;
  readonly token: HeldToken;
  readonly mode: Mode;
  readonly destination: Destination;
  readonly login: string;
  readonly upstream: Connection;
  readonly catalog: CatalogHandle;
  readonly state: ServerState;
  /** The secret of the client's cancel key. */
  readonly secret: Buffer;
  readonly early: Buffer;
}

/** What a session is open by, until when. */
export interface HeldToken {
  readonly id: string | undefined;
  readonly method: Identified['method'];
  /** Unix milliseconds. Absent: for ever. */
  readonly goodUntil: number | undefined;
}

/**
 * From the start-up packet to the first ReadyForQuery: who is it, what may it reach, and what stands there. Each step is on record
 * before the next.
 */
export class Admission {
  constructor(private readonly options: AdmissionOptions) {}

  /** @throws SessionRefused: the client was told, where it was still there */
  async admit(arrival: Arrival, request: StartupRequest): Promise<Admitted> {
    const id = uuidv7(Date.now(), randomBytes(10));
    try {
      return await this.steps(id, arrival, request);
    } catch (error) {
      const refused = asRefused(error);
      if (!refused) throw error;
      const { stage, sqlstate, message, facts } = refused;
      const { detail, hint, record } = facts;
      const data = { stage, sqlstate, reason: message, ...record };
      this.options.journal.add([{ type: 'session.refused', session: id, data }], 'linger');
      this.options.journal.forget(id);
      arrival.socket.end(
        encodeErrorResponse({
          severity: 'FATAL',
          code: sqlstate,
          message,
          ...(detail !== undefined && { detail }),
          ...(hint !== undefined && { hint }),
        }),
      );
      throw refused;
    }
  }

  private async steps(id: string, arrival: Arrival, request: StartupRequest): Promise<Admitted> {
    const { journal, access, authentication } = this.options;
    await journal.record([{ type: 'session.opened', session: id, data: opened(arrival, request) }]);
    const requested = requestedBy(request.parameters);
    const who = await authentication.of(id, arrival, request, requested);
    const place = this.authorize(who.principal, requested);
    const { destination, login } = place;
    refuseOtherTargets(who, destination.target);
    await journal.record([{ type: 'session.authenticated', session: id, data: this.authenticated(who, place) }]);

    const [upstream, catalog] = await both(
      this.options.upstream.login(destination, login, (options) => connect({ ...options, parameters: requested.settings })),
      access.catalog(destination),
      (connection) => connection.socket.destroy(),
      (handle) => {
        handle.close();
      },
    );
    try {
      checkServer(destination.target, upstream);
      const state = readState(await ask(upstream, stateQuestion('settings').sql));
      if (!state) throw new SessionRefused('upstream', '08006', "the session's state cannot be read");
      journal.add([{ type: 'session.ready', session: id, data: ready(upstream, catalog, state) }], 'linger');
      const secret = randomBytes(4);
      const early = arrival.detach();
      if (arrival.socket.destroyed) throw new NoSession('the client hung up');
      arrival.socket.write(welcome(upstream, secret));
      const token = { id: who.tokenId, method: who.method, goodUntil: who.goodUntil ?? who.expires };
      const { principal } = who;
      return { id, principal, token, mode: requested.mode, destination, login, upstream, catalog, state, secret, early };
    } catch (error) {
      upstream.socket.destroy();
      catalog.close();
      throw error;
    }
  }

  /** Which login the principal's groups map to on the database that it names. */
  private authorize(principal: Principal, { user, database }: Requested): Place {
    const destination = destinationOf(this.options.targets, database);
    const role = loginFor(this.options.policy, principal, destination.target.name, destination.database);
    if (!role)
      throw new SessionRefused('authorization', '28000', `${principal.subject} has no role on database "${database}"`, {
        hint: 'A role of the policy has to name one of its groups.',
      });
    if (!destination.target.logins.some(({ name }) => name === role.login))
      throw new SessionRefused('authorization', '28000', `the policy's role ${role.name} names a login that the target lacks`);
    if (user !== principal.subject && user !== role.name)
      throw new SessionRefused('authorization', '28000', `user "${user}" is not who the token says`, {
        hint: `Connect as "${principal.subject}".`,
      });
    return { destination, login: role.login };
  }

  private authenticated(
    { principal, method, handover, tokenId, expires }: Identified,
    { destination, login }: Place,
  ): EventOf<'session.authenticated'>['data'] {
    const { target, database } = destination;
    return {
      principal,
      method,
      ...(handover === 'oauth' && { sasl: 'OAUTHBEARER' as const }),
      login,
      target: target.name,
      database,
      durability: target.durability,
      policy: this.options.policy.hash,
      ...(tokenId !== undefined && { token: tokenId }),
      ...(expires !== undefined && { expires }),
    };
  }
}

interface Place {
  readonly destination: Destination;
  readonly login: string;
}

function opened({ socket }: Arrival, request: StartupRequest): EventOf<'session.opened'>['data'] {
  const text = (value: Buffer): string | { b64: string } => {
    const decoded = value.toString('utf8');
    return Buffer.from(decoded, 'utf8').equals(value) ? decoded : { b64: value.toString('base64') };
  };
  const last = (name: string): string | { b64: string } =>
    text(request.parameters.findLast((one) => one.name === name)?.value ?? Buffer.alloc(0));
  const tls = socket instanceof TLSSocket ? (socket.getProtocol() ?? undefined) : undefined;
  return {
    client: { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0, ...(tls !== undefined && { tls }) },
    parameters: request.parameters
      .filter(({ name }) => name !== 'user' && name !== 'database')
      .map(({ name, value }) => ({ name, value: text(value) })),
    database: last('database'),
    user: last('user'),
  };
}

/** A token that was given out for one target is good for nothing at another. @throws SessionRefused */
function refuseOtherTargets(who: Identified, target: Target): void {
  const only = targetOf(who);
  if (only !== undefined && only !== target.name)
    throw new SessionRefused('authorization', '28000', `the token is good for target "${only}" alone`, {
      hint: `Ask for one for "${target.name}".`,
    });
}

function ready(upstream: Connection, catalog: CatalogHandle, state: Admitted['state']): EventOf<'session.ready'>['data'] {
  return {
    backend: upstream.backend.pid,
    catalog: catalog.current().hash,
    serverVersion: upstream.parameters.get('server_version') ?? '',
    settings: [...upstream.parameters].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => ({ name, value })),
    role: state.role,
    searchPath: [...state.searchPath],
  };
}

/** @throws SessionRefused for a server, or settings, that statements cannot be decided on */
function checkServer(target: Target, { parameters }: Connection): void {
  const version = parameters.get('server_version') ?? '';
  const major = Number.parseInt(version, 10);
  if ((major < 15 || major > 18) && !target.untested)
    throw new SessionRefused('upstream', '0A000', `the server is Postgres ${version}; 15 to 18 are tested`, {
      hint: `Say "untested: true" at target ${target.name} to go on all the same.`,
    });
  const strings = parameters.get('standard_conforming_strings');
  const encoding = parameters.get('client_encoding') ?? '';
  const server = parameters.get('server_encoding') ?? '';
  if (strings !== 'on')
    throw new SessionRefused('upstream', '0A000', 'the server has standard_conforming_strings off: no statement can be decided');
  if (encoding !== 'UTF8' && !(encoding === 'SQL_ASCII' && server === 'UTF8'))
    throw new SessionRefused('upstream', '0A000', `client_encoding is ${encoding}: no statement can be decided`);
}

function welcome(upstream: Connection, secret: Buffer): Buffer {
  return Buffer.concat([
    encodeAuthenticationOk(),
    ...[...upstream.parameters].map(([name, value]) => encodeParameterStatus({ name, value })),
    encodeBackendKeyData({ pid: upstream.backend.pid, secret }),
    encodeReadyForQuery('I'),
  ]);
}

/** Both, or neither: what one of them opened is closed when the other fails. */
async function both<A, B>(a: Promise<A>, b: Promise<B>, closeA: (a: A) => unknown, closeB: (b: B) => unknown): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([a, b]);
  if (first.status === 'fulfilled' && second.status === 'fulfilled') return [first.value, second.value];
  if (first.status === 'fulfilled') closeA(first.value);
  if (second.status === 'fulfilled') closeB(second.value);
  throw first.status === 'rejected' ? first.reason : (second as PromiseRejectedResult).reason;
}

/** What went wrong, in the words of the protocol; undefined for what no client can be told. */
function asRefused(error: unknown): SessionRefused | undefined {
  if (error instanceof SessionRefused) return error;
  if (error instanceof NoSession) return new SessionRefused('startup', '08006', error.message, { cause: error });
  if (error instanceof ProtocolViolation)
    return new SessionRefused('authentication', error.sqlstate, error.message, { cause: error });
  if (error instanceof LogFailed)
    return new SessionRefused('startup', error.sqlstate, 'no session can begin: it could not be recorded', { cause: error });
  // Where the secret should be is for the log alone.
  if (error instanceof SecretUnavailable)
    return new SessionRefused('upstream', '08006', 'the database cannot be reached: its credentials are not at hand', {
      hint: "It is the operator's to mend; the proxy's log says what is missing.",
      cause: error,
    });
  if (error instanceof ServerRefused && error.fault.code === '28P01')
    return new SessionRefused(
      'upstream',
      '08006',
      'the database cannot be reached: it does not take the credentials that it is given',
      {
        hint: "It is the operator's to mend: they are the proxy's, not yours.",
        cause: error,
      },
    );
  if (error instanceof ServerRefused)
    return new SessionRefused('upstream', error.fault.code, `the server refused the session: ${error.fault.message}`, {
      cause: error,
    });
  if (
    error instanceof Error &&
    [
      'Unreachable',
      'TlsRefused',
      'ConnectionLost',
      'QueryFailed',
      'AuthenticationUnsupported',
      'ScramFailed',
      'PasswordMissing',
    ].includes(error.name)
  )
    return new SessionRefused('upstream', '08006', `the database cannot be reached: ${error.message}`, { cause: error });
  return undefined;
}
