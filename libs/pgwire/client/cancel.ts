import { once } from 'node:events';
import type { BackendKey } from '../backend.js';
import { encodeCancelRequest } from '../startup.js';
import { deadline, timedOut, type ConnectOptions } from './connect.js';
import { dial, discard, type Endpoint } from './dial.js';
import { Unreachable } from './errors.js';

export type CancelOptions = Endpoint & BackendKey & Pick<ConnectOptions, 'connectTimeoutMs' | 'signal'>;

/**
 * Asks the server to cancel what a backend is doing. Resolves when the server has taken the request, which never says whether
 * there was anything to cancel.
 * @throws Unreachable, TlsRefused, or the signal's reason
 */
export async function sendCancel(options: CancelOptions): Promise<void> {
  const { host, port, pid, secret } = options;
  const within = deadline(options);
  try {
    const { socket } = await dial(options, within);
    try {
      socket.resume().end(encodeCancelRequest(pid, secret));
      await once(socket, 'close', { signal: within });
    } finally {
      discard(socket);
    }
  } catch (cause) {
    options.signal?.throwIfAborted();
    if (within.aborted) throw new Unreachable(host, port, 'cancel', { cause: timedOut(options) });
    throw cause instanceof Error && 'code' in cause ? new Unreachable(host, port, 'cancel', { cause }) : cause;
  }
}
