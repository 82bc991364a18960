import { randomBytes } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import { type Journal, LogFailed } from '#event-log';
import { type By, type EventOf, firstOf, type Principal, type RunContext, saysNothing, uuidv7 } from '#events';
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
import { chooseRole, type Granted, type Policy, recordedClaims } from '#policy';
import type { Logger } from '#runtime';
import { SecretUnavailable } from '#secrets';
import { type Arrival, NoSession } from './arrival.js';
import type { Authentication, Identified } from './authentication.js';
import type { CatalogHandle, TargetAccess } from './catalogs.js';
import type { StartupRequest } from './door.js';
import { claimedRun, requestedBy, type Requested } from './parameters.js';
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
  readonly log: Logger;
}

/** A client that was let in, and the server session that is its own. */
export interface Admitted {
  readonly id: string;
  readonly principal: Principal;
  readonly actors: readonly By[];
  readonly run: RunContext;
  /** Its login, and what its role of the policy lets it change to. */
  readonly mayRunAs: readonly string[];
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
    const claimed = claimedRun(requested.own);
    const who = await authentication.of(id, arrival, request, requested);
    const place = this.authorize(id, who, requested);
    const { destination, granted } = place;
    const { login } = granted;
    const run = firstOf(who.run, claimed);
    const mayRunAs = [login, ...granted.mayAssume];
    await journal.record([{ type: 'session.authenticated', session: id, data: this.authenticated(who, place, run) }]);

    const [upstream, catalog] = await both(
      this.options.upstream.login(destination, login, { purpose: 'session', session: id }, (options) =>
        connect({ ...options, parameters: requested.settings }),
      ),
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
      if (!mayRunAs.includes(state.role))
        throw new SessionRefused('upstream', '28000', 'the login starts in another role of the database', {
          hint: `A setting of login ${login} changes its role; mayAssume of its role of the policy may permit that one.`,
        });
      journal.add([{ type: 'session.ready', session: id, data: ready(upstream, catalog, state) }], 'linger');
      const secret = randomBytes(4);
      const early = arrival.detach();
      if (arrival.socket.destroyed) throw new NoSession('the client hung up');
      arrival.socket.write(welcome(upstream, secret));
      const token = { id: who.tokenId, method: who.method, goodUntil: who.goodUntil ?? who.expires };
      const { principal, actors } = who;
      const { mode } = requested;
      const from = { id, principal, actors, run, token, mode, mayRunAs, destination, login };
      return { ...from, upstream, catalog, state, secret, early };
    } catch (error) {
      upstream.socket.destroy();
      catalog.close();
      throw error;
    }
  }

  /** Which role of the policy fits the principal on the database that it names. */
  private authorize(id: string, who: Identified, { user, database }: Requested): Place {
    const { principal } = who;
    const destination = destinationOf(this.options.targets, database);
    const { granted, passed } = chooseRole(this.options.policy, who, destination.target.name, destination.database);
    const failed = passed.flatMap(({ name, why, failed }) => (failed ? [`role ${name}: ${why}`] : []));
    if (failed.length > 0) this.options.log.warn({ session: id, failed }, 'roles of the policy were passed over');
    if (!granted)
      throw new SessionRefused('authorization', '28000', `${principal.subject} has no role on database "${database}"`, {
        hint: 'Whoever keeps the policy sees why with: sallyport access explain.',
        ...(failed.length > 0 && { record: { refusal: 'role-condition-failed', reason: failed.join('; ').slice(0, 2_000) } }),
      });
    if (!destination.target.logins.some(({ name }) => name === granted.login))
      throw new SessionRefused('authorization', '28000', `the policy's role ${granted.name} names a login that the target lacks`);
    if (user !== principal.subject && user !== granted.name)
      throw new SessionRefused('authorization', '28000', `user "${user}" is not who the token says`, {
        hint: `Connect as "${principal.subject}".`,
      });
    return { destination, granted };
  }

  private authenticated(
    { principal, actors, claims, method, handover, tokenId, expires }: Identified,
    { destination, granted }: Place,
    run: RunContext,
  ): EventOf<'session.authenticated'>['data'] {
    const { target, database } = destination;
    const { hash, claimsRead } = this.options.policy;
    return {
      principal,
      method,
      ...(handover === 'oauth' && { sasl: 'OAUTHBEARER' as const }),
      ...(actors.length > 0 && { actors: [...actors] }),
      ...(!saysNothing(run) && { run }),
      role: granted.name,
      ...(claimsRead.length > 0 && { claims: recordedClaims(claims, claimsRead) }),
      login: granted.login,
      target: target.name,
      database,
      durability: target.durability,
      policy: hash,
      ...(tokenId !== undefined && { token: tokenId }),
      ...(expires !== undefined && { expires }),
    };
  }
}

interface Place {
  readonly destination: Destination;
  readonly granted: Granted;
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
  if (error instanceof NoSession) return new SessionRefused('authentication', '08006', error.message, { cause: error });
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
