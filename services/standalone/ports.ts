import { once } from 'node:events';
import { createServer } from 'node:net';

/** The port that is wanted, or a free one where it is taken. Loopback. */
export async function choosePort(wanted: number): Promise<number> {
  return (await tryPort(wanted)) ?? (await tryPort(0)) ?? wanted;
}

async function tryPort(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    const listening = once(server, 'listening');
    server.listen(port, '127.0.0.1');
    await listening;
    return (server.address() as { port: number }).port;
  } catch {
    return undefined; // taken, or not ours to take
  } finally {
    if (server.listening) await new Promise((closed) => server.close(closed));
  }
}
