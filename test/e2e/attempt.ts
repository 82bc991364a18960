import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { decodeFault, encodeSslRequest, encodeStartup, type Fault, Framer, request, toFault } from '#pgwire';
import type { World } from './world.js';

/** A login that is to fail. */
export interface Attempt {
  readonly user: string;
  /** Absent: it hangs up when it is asked. */
  readonly password?: string;
  /** Any of this machine: `127.1.2.3`. */
  readonly from: string;
}

/** How a login failed: what the client was told, and how long that took from its password on. */
export interface Failed {
  readonly fault: Fault;
  readonly ms: number;
}

/** Past the tap: no session comes of it. @throws when one does, or nothing is told */
export async function attempt(world: World, { user, password, from }: Attempt): Promise<Failed> {
  const plain = connectTcp({ port: world.proxyPort, host: '127.0.0.1', localAddress: from });
  await once(plain, 'connect');
  plain.write(encodeSslRequest());
  await once(plain, 'data');
  const socket = connectTls({ socket: plain, ca: world.certificates.ca, servername: 'localhost' });
  await once(socket, 'secureConnect');
  const framer = new Framer({ direction: 'backend', maxFrame: 64_000, whole: () => true });
  let sentAt = 0;
  try {
    socket.write(encodeStartup(0, Object.entries({ user, database: 'app' })));
    return await new Promise<Failed>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', () => {
        reject(new Error('closed without a word'));
      });
      socket.on('data', (chunk: Buffer) => {
        framer.push(chunk, ({ type, bytes }) => {
          if (type === 'E') resolve({ fault: toFault(decodeFault(bytes)), ms: performance.now() - sentAt });
          else if (sentAt > 0) reject(new Error(`let in: ${type}`));
          else if (password === undefined) socket.destroy();
          else {
            sentAt = performance.now();
            socket.write(request.password(password));
          }
        });
      });
    });
  } finally {
    socket.destroy();
  }
}
