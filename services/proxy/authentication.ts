import { setTimeout } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { Journal } from '#event-log';
import { type Authenticated, AuthenticationFailed, type Authenticator, configurationUrl, LoginThrottle } from '#identity';
import { encodeAuthenticationSaslContinue, encodeBearerFailure, encodeNegotiateProtocolVersion } from '#pgwire';
import type { Config } from '#runtime';
import { type Arrival, NoSession } from './arrival.js';
import type { StartupRequest } from './door.js';
import type { Requested } from './parameters.js';
import { SessionRefused } from './refused.js';
import { bearerToken, type Handover, handoverOf, passwordToken } from './handover.js';

export interface AuthenticationOptions {
  readonly config: Pick<Config<'proxy'>, 'listen' | 'issuers'>;
  readonly authenticator: Authenticator;
  readonly journal: Journal;
}

/** Who it is, and how it said so. */
export interface Identified extends Authenticated {
  readonly handover: Handover;
}

/** A refusal takes this long, or a multiple of it, from the moment that the token is looked at: how long tells nothing of the reason. */
const floorMs = 100;

/** Asks a client for its token, and says no in one way whatever the reason. */
export class Authentication {
  private readonly throttle = new LoginThrottle();

  constructor(private readonly options: AuthenticationOptions) {}

  /** @throws SessionRefused, NoSession, MalformedMessage */
  async of(session: string, arrival: Arrival, request: StartupRequest, requested: Requested): Promise<Identified> {
    const { socket } = arrival;
    if (!(socket instanceof TLSSocket))
      throw new SessionRefused('authentication', '28000', 'this connection is not encrypted', {
        hint: 'Tokens are passwords: connect with sslmode=require or stronger.',
      });
    const handover = handoverOf(this.options.config.listen.authentication, requested.own.auth);
    if (request.minor > 0 || request.options.length > 0)
      socket.write(encodeNegotiateProtocolVersion({ minor: 0, options: request.options }));
    const token = await (handover === 'oauth' ? bearerToken(arrival) : passwordToken(arrival));
    const source = { address: socket.remoteAddress ?? '', user: requested.user };
    try {
      if (token === undefined) throw new NotTaken('oauth-discovery', 'the client asked where to get a token');
      return { ...(await this.check(token, source)), handover };
    } catch (error) {
      if (!(error instanceof NotTaken)) throw error;
      if (handover === 'oauth') await this.tellWhere(arrival);
      throw refused(session, requested.user, error);
    }
  }

  /** @throws NotTaken, no sooner than the floor */
  private async check(token: string, source: { readonly address: string; readonly user: string }): Promise<Authenticated> {
    const wait = this.throttle.enter(source, Date.now());
    if (wait !== undefined && wait > 0) await setTimeout(wait);
    const began = performance.now();
    try {
      if (wait === undefined) throw new NotTaken('throttled', 'too many attempts from its address wait already');
      const who = await this.options.authenticator.authenticate(token, Date.now());
      this.throttle.succeeded(source);
      return who;
    } catch (error) {
      if (error instanceof AuthenticationFailed && error.isAttempt) this.failed(source);
      await setTimeout(floorMs - ((performance.now() - began) % floorMs));
      throw error instanceof AuthenticationFailed ? new NotTaken(error.code, error.message, { cause: error }) : error;
    }
  }

  private failed(source: { readonly address: string; readonly user: string }): void {
    const slowed = this.throttle.failed(source, Date.now());
    if (slowed.length === 0) return;
    const drafts = slowed.map((data) => ({ type: 'login.throttled' as const, data }));
    this.options.journal.add(drafts, 'linger');
  }

  /** RFC 7628 3.2.2: where a token is to be had. The client has a last word, which says nothing. */
  private async tellWhere(arrival: Arrival): Promise<void> {
    const { listen, issuers } = this.options.config;
    const issuer = listen.oauth.issuer ?? issuers[0]?.issuer;
    const failure = { ...(issuer !== undefined && { configuration: configurationUrl(issuer) }), scope: listen.oauth.scope };
    arrival.socket.write(encodeAuthenticationSaslContinue(encodeBearerFailure(failure)));
    try {
      await arrival.message();
    } catch (error) {
      if (!(error instanceof NoSession)) throw error; // gone: it is refused all the same, and on record
    }
  }
}

/** The token was not taken: why, for the record. */
class NotTaken extends Error {
  override readonly name = 'NotTaken';
  constructor(
    readonly refusal: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What a client is told is one text for every reason: the check that failed is for the operator to know. */
const refused = (session: string, user: string, cause: NotTaken): SessionRefused =>
  new SessionRefused('authentication', '28P01', `password authentication failed for user "${user}"`, {
    hint: `The reason is on record, at session ${session}.`,
    record: { refusal: cause.refusal, reason: cause.message },
    cause,
  });
