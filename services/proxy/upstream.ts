import { readFileSync } from 'node:fs';
import type { ConnectOptions } from '#pgwire';
import type { Destination } from './targets.js';

const connectTimeoutMs = 10_000;

/** How to log in to a target with one of its logins. The password goes no further than the connection. */
export function connectionTo({ target, database }: Destination, login: string): Omit<ConnectOptions, 'parameters'> {
  const known = target.logins.find(({ name }) => name === login);
  if (!known) throw new Error(`target ${target.name} has no login ${login}`);
  return {
    host: target.host,
    port: target.port,
    tls: tlsOf(target),
    user: known.name,
    password: known.password.reveal(),
    database,
    connectTimeoutMs,
  };
}

export function tlsOf({ tls }: Destination['target']): ConnectOptions['tls'] {
  return {
    mode: tls.mode,
    ...(tls.ca !== undefined && { ca: readFileSync(tls.ca) }),
    ...(tls.cert !== undefined && { cert: readFileSync(tls.cert) }),
    ...(tls.key !== undefined && { key: readFileSync(tls.key) }),
  };
}
