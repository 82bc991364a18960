import { once } from 'node:events';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { encodeSslRequest } from '../startup.js';
import { messageOf, TlsRefused, Unreachable } from './errors.js';

/** Modes as libpq has them, but for `prefer`: plaintext is taken from a server without TLS, never after TLS has failed. */
export interface TlsOptions {
  readonly mode: 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';
  /** PEM. Absent: the roots that Node trusts. As in libpq, `require` with a `ca` checks it as `verify-ca` does. */
  readonly ca?: string | Buffer | undefined;
  /** PEM, with `key`: the client's own certificate. */
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  /** The name that the certificate must bear, and that is sent as SNI. Absent: the host. */
  readonly servername?: string | undefined;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsOptions;
}

export interface Dialled {
  readonly socket: Socket;
  /** The same socket, where it is encrypted. */
  readonly encrypted?: TLSSocket;
}

/**
 * Opens a connection that is ready for a start-up packet: nothing was read of it, and it is paused.
 * @throws Unreachable, TlsRefused, or the signal's reason
 */
export async function dial({ host, port, tls }: Endpoint, signal: AbortSignal): Promise<Dialled> {
  signal.throwIfAborted();
  const socket = connectTcp({ host, port, noDelay: true });
  try {
    await once(socket, 'connect', { signal });
  } catch (cause) {
    discard(socket);
    signal.throwIfAborted();
    throw new Unreachable(host, port, 'connect', { cause });
  }
  if (tls.mode === 'disable') return { socket };
  try {
    if (!(await speaksTls(socket, signal))) {
      if (tls.mode === 'prefer') return { socket };
      throw new TlsRefused(host, port, 'the server does not speak TLS');
    }
    const encrypted = await encrypt(socket, host, port, tls, signal);
    return { socket: encrypted, encrypted };
  } catch (cause) {
    discard(socket);
    signal.throwIfAborted();
    throw cause instanceof TlsRefused ? cause : new Unreachable(host, port, 'tls', { cause });
  }
}

/** Ends a connection whose errors matter no more. */
export function discard(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.destroy();
}

async function speaksTls(socket: Socket, signal: AbortSignal): Promise<boolean> {
  socket.write(encodeSslRequest());
  const answer = await firstChunk(socket, signal);
  const text = answer.toString('latin1');
  if (text === 'S' || text === 'N') return text === 'S';
  // More than the one byte was put there by someone before TLS could protect it: CVE-2021-23222.
  throw new Error(`the server answered the SSLRequest with ${answer.length} bytes from 0x${answer.toString('hex', 0, 1)} on`);
}

function firstChunk(socket: Socket, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void): void => {
      socket.off('data', onData).off('error', onError).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onData = (chunk: Buffer): void => {
      socket.pause();
      done(() => {
        resolve(chunk);
      });
    };
    const fail = (cause: Error): void => {
      done(() => {
        reject(cause);
      });
    };
    const onError = fail;
    const onClose = (): void => {
      fail(new Error('the server closed the connection'));
    };
    const onAbort = (): void => {
      fail(signal.reason as Error);
    };
    socket.on('data', onData).on('error', onError).on('close', onClose);
    signal.addEventListener('abort', onAbort);
  });
}

async function encrypt(socket: Socket, host: string, port: number, tls: TlsOptions, signal: AbortSignal): Promise<TLSSocket> {
  const name = tls.servername ?? host;
  const options: ConnectionOptions = {
    socket,
    rejectUnauthorized: tls.mode === 'verify-ca' || tls.mode === 'verify-full' || tls.ca !== undefined,
    checkServerIdentity: (_, certificate) => (tls.mode === 'verify-full' ? checkServerIdentity(name, certificate) : undefined),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(isIP(name) === 0 ? { servername: name } : {}),
  };
  try {
    const encrypted = connectTls(options);
    await once(encrypted, 'secureConnect', { signal });
    return encrypted;
  } catch (cause) {
    throw new TlsRefused(host, port, messageOf(cause), { cause });
  }
}
