import type { SecureContext } from 'node:tls';
import type { Startup } from '#pgwire';
import { type Arrival, NoSession } from './arrival.js';

export type StartupRequest = Extract<Startup, { kind: 'startup' }>;
export type CancelRequest = Extract<Startup, { kind: 'cancel' }>;

const alpn = 'postgresql';

/**
 * Reads the first packets of a connection: TLS by SSLRequest or directly, GSSENCRequest declined, and then what it wants.
 * @throws NoSession, MalformedStartup
 */
export async function enter(arrival: Arrival, tls: SecureContext): Promise<StartupRequest | CancelRequest> {
  let secured: 'no' | 'yes' = 'no';
  if (await arrival.beginsTls()) {
    await arrival.secure(tls, alpn);
    secured = 'yes';
  }
  for (;;) {
    const packet = await arrival.startup();
    switch (packet.kind) {
      case 'ssl':
        if (secured === 'yes' || arrival.hasUnread) throw new NoSession('an SSLRequest out of place');
        arrival.socket.write('S');
        await arrival.secure(tls);
        secured = 'yes';
        break;
      case 'gss':
        // libpq may ask for GSSAPI and then for TLS on one socket.
        if (secured === 'yes' || arrival.hasUnread) throw new NoSession('a GSSENCRequest out of place');
        arrival.socket.write('N');
        break;
      case 'unsupported':
        throw new NoSession(`protocol ${packet.major}.${packet.minor}`);
      case 'cancel':
      case 'startup':
        return packet;
    }
  }
}
