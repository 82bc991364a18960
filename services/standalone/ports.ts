import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

/** A port of loopback that nobody else can take until it is released. */
export interface ReservedPort {
  readonly port: number;
  /** Resolves when it is free for the process that it was reserved for. May be called twice. */
  release(): Promise<void>;
}

/**
 * Reserves the port that is wanted, or a free one where it is taken. Seconds pass between choosing a port and listening on it:
 * two that start at the same time would choose the same.
 */
export async function reservePort(wanted: number): Promise<ReservedPort> {
  const server = (await listen(wanted)) ?? (await listen(0));
  if (!server) throw new Error('no port of 127.0.0.1 is free');
  const { port } = server.address() as AddressInfo;
  let released: Promise<unknown> | undefined;
  return {
    port,
    release: async () => {
      released ??= once(server.close(), 'close');
      await released;
    },
  };
}

async function listen(port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy()).unref();
  try {
    const listening = once(server, 'listening');
    server.listen(port, '127.0.0.1');
    await listening;
    return server;
  } catch {
    return undefined; // taken, or not ours to take
  }
}
