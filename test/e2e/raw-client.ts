import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { decodeFault, encodeSslRequest, encodeStartup, Framer, request } from '#pgwire';
import type { World } from './world.js';

/** A client that says exactly what it is told to, over TLS through the tap, in as many writes as it is told. */
export interface RawClient {
  readonly socket: TLSSocket;
  /** `Z I`, `C SELECT 1`, `E 42501`, `D`: since the last `take`. */
  readonly told: string[];
  send(...messages: Buffer[]): void;
  /** What came until as many ReadyForQuery were seen; throws with what came instead after `ms`. */
  ready(count?: number, ms?: number): Promise<string[]>;
  until(test: (told: readonly string[]) => boolean, ms?: number): Promise<string[]>;
  readonly closed: boolean;
  close(): void;
}

export async function rawConnect(world: World, user: string, token: string, database = 'app'): Promise<RawClient> {
  const plain = connectTcp(world.tap.port, '127.0.0.1');
  plain.on('error', () => undefined);
  await once(plain, 'connect');
  plain.write(encodeSslRequest());
  await once(plain, 'data');
  const socket = connectTls({ socket: plain, ca: world.certificates.ca, servername: 'localhost' });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  const told: string[] = [];
  let closed = false;
  let wake: () => void = () => undefined;
  const framer = new Framer({ direction: 'backend', maxFrame: 64_000_000, whole: () => true });
  socket.on('data', (chunk: Buffer) => {
    framer.push(chunk, ({ type, bytes }) => told.push(describe(type, bytes)));
    wake();
  });
  socket.on('close', () => {
    closed = true;
    wake();
  });
  const until = async (test: (seen: readonly string[]) => boolean, ms = 5_000): Promise<string[]> => {
    const late = Date.now() + ms;
    while (!test(told)) {
      const left = late - Date.now();
      if (closed || left <= 0) throw new Error(`${closed ? 'closed' : 'still waiting'} after: ${told.join(' | ')}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        wake = (): void => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return told.splice(0);
  };
  socket.write(
    encodeStartup(0, [
      ['user', user],
      ['database', database],
    ]),
  );
  await until((seen) => seen.some((one) => one.startsWith('R')));
  socket.write(request.password(token));
  await until((seen) => seen.includes('Z I'));
  return {
    socket,
    told,
    send: (...messages) => {
      socket.write(Buffer.concat(messages));
    },
    until,
    ready: (count = 1, ms) => until((seen) => seen.filter((one) => one.startsWith('Z')).length >= count, ms),
    get closed() {
      return closed;
    },
    close: () => {
      socket.end(request.terminate());
    },
  };
}

function describe(type: string, bytes: Buffer): string {
  const body = bytes.subarray(5);
  if (type === 'Z') return `Z ${body.toString('latin1')}`;
  if (type === 'C') return `C ${body.subarray(0, -1).toString('latin1')}`;
  if (type === 'E')
    return `E ${
      decodeFault(bytes)
        .find(({ code }) => code === 'C')
        ?.value.toString('latin1') ?? ''
    }`;
  if (type === 'D') return `D ${body.subarray(6).toString('latin1')}`;
  return type;
}
