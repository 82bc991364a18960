import { once } from 'node:events';
import { connect as connectTcp, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { decodeStartup, encodeSslRequest, MalformedStartup, type Startup } from '#pgwire';
import { SessionRecorder, type TappedSession } from './tapped-session.js';

export interface TapOptions {
  /** The proxy. */
  readonly upstream: { readonly host: string; readonly port: number };
  /**
   * PEM. `cert` and `key` are shown to clients, `ca` is what the proxy's own certificate is checked against. The tap speaks TLS to
   * the proxy where the client speaks it to the tap. Absent: an SSLRequest is answered `N`.
   */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

export interface Tap {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** One for each start-up packet so far, in the order in which they came. Cancel requests are passed on and are none. */
  sessions(): readonly TappedSession[];
  /** Resolves when every connection that was opened so far has closed on both sides. */
  settled(): Promise<void>;
  /** Breaks what is open, and stops listening. */
  close(): Promise<void>;
}

/**
 * Starts a recording tap on a port of 127.0.0.1: what clients send to it reaches the proxy, and both plaintext streams are kept.
 * @param port a free one unless it is named
 */
export async function startTap(options: TapOptions, port = 0): Promise<Tap> {
  const recorders: SessionRecorder[] = [];
  const connections = new Map<Socket, Promise<void>>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const connection = new TappedConnection(options, recorders);
    const ended = connection.serve(socket).finally(() => connections.delete(socket));
    connections.set(socket, ended);
  });
  return {
    host: '127.0.0.1',
    port: await listen(server, port),
    sessions: () => recorders.map(({ session }) => session),
    settled: async () => {
      await Promise.all(connections.values());
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of connections.keys()) socket.destroy();
      await Promise.all(connections.values());
      await closed;
    },
  };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

class TappedConnection {
  constructor(
    private readonly options: TapOptions,
    private readonly recorders: SessionRecorder[],
  ) {}

  /** Resolves when the connection is over. */
  async serve(accepted: Socket): Promise<void> {
    let client = quiet(accepted);
    let upstream: Socket | undefined;
    try {
      let first = await firstPacket(client);
      while (first.kind === 'ssl' || first.kind === 'gss' || first.kind === 'tls') {
        if (first.kind === 'tls') client = await this.encrypt(accepted, ['postgresql']);
        else if (first.kind === 'gss' || !this.options.tls) client.write('N');
        else {
          client.write('S');
          client = await this.encrypt(accepted);
        }
        first = await firstPacket(client);
      }
      upstream = await this.dial(client);
      upstream.write(first.bytes);
      await this.forward(client, upstream, first);
    } catch {
      // Either side went away before the session began: so does the other.
    } finally {
      client.destroy();
      accepted.destroy();
      upstream?.destroy();
    }
  }

  private async forward(client: Socket, upstream: Socket, first: FirstPacket): Promise<void> {
    const recorder = first.kind === 'startup' ? new SessionRecorder(portOf(upstream), first.parameters) : undefined;
    if (recorder) this.recorders.push(recorder);
    await Promise.all([
      // The proxy hears of a client that broke off by an end: all that it has sent by then is still seen.
      pass(
        client,
        upstream,
        (chunk) => recorder?.fromClient(chunk),
        () => upstream.end(),
      ),
      pass(
        upstream,
        client,
        (chunk) => recorder?.fromServer(chunk),
        () => client.destroy(),
      ),
    ]);
    if (recorder) recorder.closed = true;
  }

  private async encrypt(accepted: Socket, ALPNProtocols?: string[]): Promise<Socket> {
    const { tls } = this.options;
    if (!tls) throw new Error('a client speaks TLS to a tap that has no certificate');
    const client = new TLSSocket(accepted, {
      isServer: true,
      cert: tls.cert,
      key: tls.key,
      ...(ALPNProtocols ? { ALPNProtocols } : {}),
    });
    await ready(quiet(client), 'secure');
    return client;
  }

  /** As the client came: directly on TLS, on TLS after asking, or in plaintext. */
  private async dial(client: Socket): Promise<Socket> {
    const { upstream, tls } = this.options;
    const socket = quiet(connectTcp({ ...upstream, allowHalfOpen: true, noDelay: true }));
    await ready(socket, 'connect');
    if (!(client instanceof TLSSocket) || !tls) return socket;
    const direct = client.alpnProtocol === 'postgresql';
    if (!direct) {
      socket.write(encodeSslRequest());
      const answer = await read(socket);
      if (answer.toString('latin1') !== 'S') throw new Error('the proxy does not speak TLS');
    }
    const encrypted = connectTls({
      socket,
      ca: tls.ca,
      host: upstream.host,
      ...(direct ? { ALPNProtocols: ['postgresql'] } : {}),
    });
    await ready(quiet(encrypted), 'secureConnect');
    return encrypted;
  }
}

/** `bytes` is the packet and all that came with it. `tls`: it is no packet but TLS itself; `other`: whatever is passed on unrecorded. */
type FirstPacket =
  | { readonly kind: 'ssl' | 'gss' | 'tls' | 'other'; readonly bytes: Buffer }
  | { readonly kind: 'startup'; readonly bytes: Buffer; readonly parameters: ReadonlyMap<string, string> };

async function firstPacket(client: Socket): Promise<FirstPacket> {
  let bytes: Buffer = Buffer.alloc(0);
  for (;;) {
    bytes = Buffer.concat([bytes, await read(client)]);
    if (bytes[0] === 0x16) {
      client.unshift(bytes);
      return { kind: 'tls', bytes };
    }
    const startup = decode(bytes);
    if (!startup) continue;
    // What follows the packet is not part of it, and is read again.
    if (startup.length < bytes.length) client.unshift(bytes.subarray(startup.length));
    const packet = bytes.subarray(0, startup.length);
    if (startup.kind === 'ssl' || startup.kind === 'gss') return { kind: startup.kind, bytes: packet };
    if (startup.kind !== 'startup') return { kind: 'other', bytes: packet };
    const parameters = new Map(startup.parameters.map(({ name, value }) => [name, value.toString('utf8')]));
    return { kind: 'startup', bytes: packet, parameters };
  }
}

function decode(bytes: Buffer): Startup | { readonly kind: 'malformed'; readonly length: number } | undefined {
  try {
    return decodeStartup(bytes);
  } catch (cause) {
    if (cause instanceof MalformedStartup) return { kind: 'malformed', length: bytes.length };
    throw cause;
  }
}

/** The next chunk; the socket is paused after it. @throws when there is none */
function read(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      socket.pause();
      socket.off('end', onEnd).off('close', onEnd);
      resolve(chunk);
    };
    const onEnd = (): void => {
      socket.off('data', onData).off('end', onEnd).off('close', onEnd);
      reject(new Error('closed'));
    };
    if (socket.readableEnded) onEnd();
    socket.once('data', onData).once('end', onEnd).once('close', onEnd).resume();
  });
}

/** @throws when the socket closes first */
function ready(socket: Socket, event: 'connect' | 'secure' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = (): void => {
      reject(new Error('closed'));
    };
    socket.once('close', onClose).once(event, () => {
      socket.off('close', onClose);
      resolve();
    });
  });
}

/**
 * Hands every chunk to `seen` and to the other side, and passes an end and a break on. What the other side is gone for is seen all the
 * same. Resolves when the source has closed.
 */
function pass(from: Socket, to: Socket, seen: (chunk: Buffer) => void, broken: () => void): Promise<void> {
  return new Promise((resolve) => {
    // A canceller may be gone before its packet was passed on.
    if (from.readableEnded || from.closed) to.end();
    if (from.closed) {
      resolve();
      return;
    }
    from.on('data', (chunk: Buffer) => {
      seen(chunk);
      if (to.destroyed || to.write(chunk)) return;
      from.pause();
      to.once('drain', () => from.resume());
    });
    to.once('close', () => from.resume());
    from.on('end', () => to.end());
    from.on('close', () => {
      if (!from.readableEnded) broken();
      resolve();
    });
    from.resume();
  });
}

/** Our end of a connection: 0, which is nobody's, once it is gone. */
const portOf = ({ localPort }: Socket): number => localPort ?? 0;

/** A broken connection shows by its closing. */
function quiet<T extends Socket>(socket: T): T {
  return socket.on('error', () => undefined);
}
