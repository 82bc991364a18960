import { readFileSync } from 'node:fs';
import type { EventOf } from '#events';
import { type ConnectOptions, type Endpoint, ServerRefused } from '#pgwire';
import { type Logger, loginSecret, type Secret } from '#runtime';
import { type Credentials, SecretUnavailable } from '#secrets';
import type { Destination, Login, Target } from './targets.js';

const connectTimeoutMs = 10_000;

/** All that a connection takes, but for its settings. */
export type LoginOptions = Omit<ConnectOptions, 'parameters'>;

export interface UpstreamOptions {
  readonly credentials: Credentials;
  readonly log: Logger;
  /** Told of each secret that is used. Which it was before is for others to know. */
  readonly used: (name: string, secret: Secret) => void;
  /** Told of each connection that was made: what the server logs of it is explained by that. */
  readonly connected: (connection: EventOf<'proxy.connected'>['data']) => void;
}

/** What a connection is made for. */
export type Purpose = Pick<EventOf<'proxy.connected'>['data'], 'purpose' | 'session'>;

/** A connection that was made, in whatever form: its backend has a pid. */
interface Made {
  readonly backend: { readonly pid: number };
}

/** Logs in to targets. A password is had when it is needed, and goes no further than the connection. */
export class Upstream {
  constructor(private readonly options: UpstreamOptions) {}

  /**
   * Connects, in the caller's way, as one of the target's logins. Where the server refuses the password, and there is another by now,
   * once more: so passwords change while sessions go on.
   * @throws SecretUnavailable, and as `attempt` does
   */
  async login<T extends Made>(
    { target, database }: Destination,
    login: string,
    purpose: Purpose,
    attempt: (options: LoginOptions) => Promise<T>,
  ): Promise<T> {
    const known = loginOf(target, login);
    const { credentials } = this.options;
    const connect = async (password: Secret): Promise<T> => {
      this.options.used(loginSecret(target.name, login), password);
      const began = performance.now();
      const made = await attempt({ ...endpointOf(target), user: login, password: password.reveal(), database, connectTimeoutMs });
      const us = Math.round((performance.now() - began) * 1000);
      this.options.connected({ ...purpose, target: target.name, database, login, backend: made.backend.pid, us });
      return made;
    };
    const password = await this.had(target, known, () => credentials.password(known.password));
    try {
      return await connect(password);
    } catch (error) {
      if (!isPasswordRefused(error)) throw error;
      const next = await this.had(target, known, () => credentials.renewed(known.password, password));
      if (next.equals(password)) throw error;
      return connect(next);
    }
  }

  /** What the password of a login is now; undefined where it cannot be had, which is logged. */
  async password(target: Target, login: Login): Promise<Secret | undefined> {
    try {
      return await this.had(target, login, () => this.options.credentials.password(login.password));
    } catch (error) {
      if (error instanceof SecretUnavailable) return undefined;
      throw error;
    }
  }

  private async had(target: Target, { name }: Login, get: () => Promise<Secret>): Promise<Secret> {
    try {
      return await get();
    } catch (error) {
      if (error instanceof SecretUnavailable) {
        const { reference, why } = error;
        this.options.log.error({ target: target.name, login: name, reference, why }, 'a secret cannot be had');
      }
      throw error;
    }
  }
}

export function loginOf(target: Target, login: string): Login {
  const known = target.logins.find(({ name }) => name === login);
  if (!known) throw new Error(`target ${target.name} has no login ${login}`);
  return known;
}

export const endpointOf = (target: Target): Endpoint => ({ host: target.host, port: target.port, tls: tlsOf(target) });

/** SQLSTATE 28P01, invalid_password. */
const isPasswordRefused = (error: unknown): boolean => error instanceof ServerRefused && error.fault.code === '28P01';

function tlsOf({ tls }: Target): Endpoint['tls'] {
  return {
    mode: tls.mode,
    ...(tls.ca !== undefined && { ca: readFileSync(tls.ca) }),
    ...(tls.cert !== undefined && { cert: readFileSync(tls.cert) }),
    ...(tls.key !== undefined && { key: readFileSync(tls.key) }),
  };
}
