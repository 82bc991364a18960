import { createHash } from 'node:crypto';
import type { Authentication } from './backend.js';
import { type BearerFailure, bearerSeparator, decodeBearerFailure, encodeBearerResponse, oauthBearer } from './oauth-bearer.js';
import { request } from './request.js';
import { ScramClient, ScramFailed, type ScramMechanism } from './scram.js';

export interface Credentials {
  readonly user: string;
  /** Absent: only a server that asks for none lets us in. */
  readonly password?: string | undefined;
  /** A token for OAUTHBEARER, given instead of the password where the server offers that. Empty: asks where to get one. */
  readonly bearer?: string | undefined;
  /** See ScramOptions. */
  readonly nonce: string;
  /** `tls-server-end-point`, on a TLS connection. */
  readonly binding?: Buffer | undefined;
}

/** The client's side of authentication: what the server asks goes in, the message that answers it comes out. Does no I/O. */
export class Authenticator {
  private scram: ScramClient | undefined;
  private mechanism: 'scram' | 'bearer' | undefined;
  private failure: BearerFailure | undefined;

  constructor(private readonly credentials: Credentials) {}

  /**
   * Undefined when there is nothing to answer.
   * @throws AuthenticationUnsupported, PasswordMissing, ScramFailed
   */
  async answer(asked: Authentication): Promise<Buffer | undefined> {
    switch (asked.kind) {
      case 'ok':
        if (this.scram && !this.scram.isVerified) throw new ScramFailed('the server let us in without proving itself');
        return undefined;
      case 'cleartext':
        return request.password(this.password);
      case 'md5':
        return request.password(md5Password(this.credentials.user, this.password, asked.salt));
      case 'sasl':
        return this.begin(asked.mechanisms);
      case 'sasl-continue':
        if (this.mechanism === 'bearer') return this.giveUp(asked.data);
        return request.saslResponse(await this.exchange.final(asked.data.toString('utf8')));
      case 'sasl-final':
        this.exchange.verify(asked.data.toString('utf8'));
        return undefined;
      case 'other':
        throw new AuthenticationUnsupported([otherMethods[asked.code] ?? `authentication request ${asked.code}`]);
    }
  }

  /** Where the server says that a token can be had, once it has refused the one that it was given. */
  get bearerFailure(): BearerFailure | undefined {
    return this.failure;
  }

  private giveUp(data: Buffer): Buffer {
    this.failure = decodeBearerFailure(data);
    return request.saslResponse(bearerSeparator);
  }

  private begin(offered: readonly string[]): Buffer {
    const { nonce, binding, bearer } = this.credentials;
    if (bearer !== undefined && offered.includes(oauthBearer)) {
      this.mechanism = 'bearer';
      return request.saslInitialResponse(oauthBearer, encodeBearerResponse(bearer === '' ? undefined : bearer));
    }
    const known: readonly ScramMechanism[] = binding ? ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'] : ['SCRAM-SHA-256'];
    const mechanism = known.find((name) => offered.includes(name));
    if (mechanism === undefined) throw new AuthenticationUnsupported(offered);
    this.mechanism = 'scram';
    this.scram = new ScramClient({ mechanism, password: this.password, nonce, binding });
    return request.saslInitialResponse(mechanism, this.scram.first);
  }

  private get exchange(): ScramClient {
    if (!this.scram) throw new ScramFailed('the server goes on with an exchange that was not begun');
    return this.scram;
  }

  private get password(): string {
    if (this.credentials.password === undefined) throw new PasswordMissing(this.credentials.user);
    return this.credentials.password;
  }
}

/** `md5` and the digest of the salted digest of password and user, as pg_authid keeps the inner one. */
export function md5Password(user: string, password: string, salt: Buffer): string {
  const inner = createHash('md5').update(`${password}${user}`, 'utf8').digest('hex');
  return `md5${createHash('md5').update(inner, 'ascii').update(salt).digest('hex')}`;
}

/** The server asks for a way to authenticate that we do not have. */
export class AuthenticationUnsupported extends Error {
  override readonly name = 'AuthenticationUnsupported';
  constructor(readonly asked: readonly string[]) {
    super(`the server asks for ${asked.join(' or ')}, which is not supported`);
  }
}

/** The server asks for a password where none is configured. */
export class PasswordMissing extends Error {
  override readonly name = 'PasswordMissing';
  constructor(readonly user: string) {
    super(`the server asks for a password of ${JSON.stringify(user)}, and none is configured`);
  }
}

const otherMethods: Readonly<Record<number, string | undefined>> = { 2: 'Kerberos V5', 7: 'GSSAPI', 8: 'GSSAPI', 9: 'SSPI' };
