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
  const { socket } = await dial(options, within).catch((cause: unknown) => {
    throw late(options, within) ?? cause;
  });
  try {
    socket.resume().end(encodeCancelRequest(pid, secret));
    await once(socket, 'close', { signal: within });
  } catch (cause) {
    throw late(options, within) ?? new Unreachable(host, port, 'cancel', { cause });
  } finally {
    discard(socket);
  }
}

/** Why there was no time for more: the caller's reason, or a deadline that has passed. */
function late(options: CancelOptions, within: AbortSignal): Error | undefined {
  options.signal?.throwIfAborted();
  return within.aborted ? new Unreachable(options.host, options.port, 'cancel', { cause: timedOut(options) }) : undefined;
}
