import type { Fault } from '../fault.js';
import type { BearerFailure } from '../oauth-bearer.js';

/** No session came about: nothing listened, the connection broke, or time ran out. `cause` says more. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  constructor(
    readonly host: string,
    readonly port: number,
    /** What was tried when it failed. */
    readonly stage: 'connect' | 'tls' | 'startup' | 'cancel',
    options: { cause: unknown },
  ) {
    super(`${host}:${port}, ${tried[stage]}: ${messageOf(options.cause)}`, options);
  }
}

const tried = {
  connect: 'opening a TCP connection',
  tls: 'negotiating TLS',
  startup: 'starting a session',
  cancel: 'sending a cancel request',
} as const;

/** The server has no TLS, or not the TLS that was asked for: its certificate was not trusted, or it did not trust ours. */
export class TlsRefused extends Error {
  override readonly name = 'TlsRefused';
  constructor(
    readonly host: string,
    readonly port: number,
    readonly reason: string,
    options?: { cause: unknown },
  ) {
    super(`${host}:${port}: ${reason}`, options);
  }
}

/** The server answered the start-up with an ErrorResponse. */
export class ServerRefused extends Error {
  override readonly name = 'ServerRefused';
  constructor(
    readonly fault: Fault,
    /** Where to get a token, where it was a token that the server did not take. */
    readonly bearer?: BearerFailure,
  ) {
    super(`${fault.severity} ${fault.code}: ${fault.message}`);
  }
}

/** A statement failed; the session lives on. */
export class QueryFailed extends Error {
  override readonly name = 'QueryFailed';
  constructor(readonly fault: Fault) {
    super(`${fault.severity} ${fault.code}: ${fault.message}`);
  }
}

/** The connection ended while an answer was awaited, or before it was asked for. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** One line; of several addresses that were tried, what each of them gave. */
export function messageOf(cause: unknown): string {
  const { message, errors } = Object(cause) as { message?: unknown; errors?: unknown };
  if (Array.isArray(errors)) return errors.map(messageOf).join('; ');
  return String(message ?? cause);
}
