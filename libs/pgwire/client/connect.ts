import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { Authenticator } from '../authenticator.js';
import {
  decodeAuthentication,
  decodeBackendKeyData,
  decodeParameterStatus,
  decodeReadyForQuery,
  type BackendKey,
  type TransactionStatus,
} from '../backend.js';
import { decodeFault, toFault, type Fault } from '../fault.js';
import { tlsServerEndPoint } from '../end-point.js';
import { encodeStartup } from '../startup.js';
import { MalformedMessage } from '../violation.js';
import { dial, discard, type Dialled, type Endpoint } from './dial.js';
import { ConnectionLost, ServerRefused, Unreachable } from './errors.js';
import { Wire } from './wire.js';

export interface ConnectOptions extends Endpoint {
  readonly user: string;
  readonly password?: string | undefined;
  /** A token for a server that offers OAUTHBEARER. Empty: asks where to get one, by `ServerRefused.bearer`. */
  readonly bearer?: string | undefined;
  readonly database: string;
  /** Further start-up parameters: `application_name`, `options`, … */
  readonly parameters?: Readonly<Record<string, string>>;
  /** From the first packet to ReadyForQuery. */
  readonly connectTimeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Session {
  /** Every ParameterStatus of the start. */
  readonly parameters: Map<string, string>;
  readonly backend: BackendKey;
  /** As `server_version` says it: `18.4`. Empty where the server did not. */
  readonly serverVersion: string;
  readonly status: TransactionStatus;
  readonly notices: readonly Fault[];
}

/** A session whose server has said ReadyForQuery for the first time. */
export interface Connection extends Session {
  /** Paused, without listeners: the caller's own from here on. */
  readonly socket: Socket;
  /** What arrived after ReadyForQuery. */
  readonly early: Buffer;
}

/**
 * Opens a session over protocol 3.0.
 * @throws Unreachable, TlsRefused, ServerRefused, AuthenticationUnsupported, PasswordMissing, ScramFailed, ProtocolViolation, or
 * the signal's reason
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { wire, session } = await open(options, startupFrame);
  return { ...session, socket: wire.socket, early: wire.detach() };
}

/** The same, the connection still being read. @param maxFrame see Wire */
export async function open(options: ConnectOptions, maxFrame: number): Promise<{ wire: Wire; session: Session }> {
  const { host, port } = options;
  const within = deadline(options);
  let dialled: Dialled | undefined;
  const onAbort = (): void => {
    if (dialled) discard(dialled.socket);
  };
  within.addEventListener('abort', onAbort);
  try {
    dialled = await dial(options, within);
    const wire = new Wire(dialled.socket, maxFrame);
    return { wire, session: await startUp(wire, dialled, options) };
  } catch (cause) {
    onAbort();
    options.signal?.throwIfAborted();
    if (within.aborted) throw new Unreachable(host, port, dialled ? 'startup' : 'connect', { cause: timedOut(options) });
    if (cause instanceof ConnectionLost) throw new Unreachable(host, port, 'startup', { cause });
    throw cause;
  } finally {
    within.removeEventListener('abort', onAbort);
  }
}

/** More than any message of a start-up has. */
const startupFrame = 1024 * 1024;

/** Aborts when the caller's signal does, or after `connectTimeoutMs`. */
export const deadline = ({ signal, connectTimeoutMs }: Pick<ConnectOptions, 'signal' | 'connectTimeoutMs'>): AbortSignal => {
  const timeout = AbortSignal.timeout(connectTimeoutMs);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
};

export const timedOut = ({ connectTimeoutMs }: Pick<ConnectOptions, 'connectTimeoutMs'>): Error =>
  new Error(`no answer within ${connectTimeoutMs} ms`);

async function startUp(wire: Wire, { encrypted }: Dialled, options: ConnectOptions): Promise<Session> {
  const { user, password, bearer, database } = options;
  const certificate = encrypted?.getPeerX509Certificate()?.raw;
  const binding = certificate && tlsServerEndPoint(certificate);
  const authenticator = new Authenticator({ user, password, bearer, nonce: randomBytes(18).toString('base64'), binding });
  const parameters = new Map<string, string>();
  const notices: Fault[] = [];
  let authenticated = false;
  let backend: BackendKey | undefined;

  wire.send(encodeStartup(0, Object.entries({ user, database, ...options.parameters })));
  for (;;) {
    const frame = await wire.next();
    const type = frame.toString('latin1', 0, 1);
    if (!authenticated && !'REN'.includes(type)) throw new MalformedMessage(type, 'it came before AuthenticationOk');
    switch (type) {
      case 'R': {
        const asked = decodeAuthentication(frame);
        const answer = await authenticator.answer(asked);
        if (answer) wire.send(answer);
        authenticated ||= asked.kind === 'ok';
        break;
      }
      case 'S': {
        const { name, value } = decodeParameterStatus(frame);
        parameters.set(name, value);
        break;
      }
      case 'K':
        backend = decodeBackendKeyData(frame);
        break;
      case 'N':
        notices.push(toFault(decodeFault(frame)));
        break;
      case 'E':
        throw new ServerRefused(toFault(decodeFault(frame)), authenticator.bearerFailure);
      case 'Z':
        if (!backend) throw new MalformedMessage(type, 'it came before BackendKeyData');
        return {
          parameters,
          backend,
          notices,
          serverVersion: parameters.get('server_version') ?? '',
          status: decodeReadyForQuery(frame),
        };
      default:
        throw new MalformedMessage(type, 'it has no place in a start-up');
    }
  }
}
