import {
  decodeBearerResponse,
  decodePassword,
  decodeSaslInitialResponse,
  decodeSaslResponse,
  encodeAuthenticationCleartextPassword,
  encodeAuthenticationSasl,
  encodeAuthenticationSaslContinue,
  oauthBearer,
} from '#pgwire';
import type { Config } from '#runtime';
import type { Arrival } from './arrival.js';
import { SessionRefused } from './refused.js';

/** How a token is handed over: as a password, or by SASL OAUTHBEARER. */
export type Handover = 'password' | 'oauth';

/**
 * The server speaks first, before it knows what the client can: so the configuration says which it is, or the client does, by
 * `options=-c sallyport.auth=oauth`.
 * @throws SessionRefused
 */
export function handoverOf(configured: Config<'proxy'>['listen']['authentication'], asked: string | undefined): Handover {
  if (asked !== undefined && asked !== 'password' && asked !== 'oauth')
    throw new SessionRefused('startup', '42501', 'sallyport.auth is neither password nor oauth');
  if (configured === 'by-option') return asked ?? 'password';
  if (asked !== undefined && asked !== configured)
    throw new SessionRefused('startup', '42501', `tokens are taken by ${configured} only`, {
      hint: `Leave sallyport.auth out. The configuration says so, at listen.authentication.`,
    });
  return configured;
}

/** @throws NoSession, MalformedMessage */
export async function passwordToken(arrival: Arrival): Promise<string> {
  arrival.socket.write(encodeAuthenticationCleartextPassword());
  return decodePassword(await arrival.message()).toString('utf8');
}

/** Undefined where the client asks where to get one. @throws SessionRefused, NoSession, MalformedMessage */
export async function bearerToken(arrival: Arrival): Promise<string | undefined> {
  arrival.socket.write(encodeAuthenticationSasl([oauthBearer]));
  const { mechanism, response } = decodeSaslInitialResponse(await arrival.message());
  if (mechanism !== oauthBearer)
    throw new SessionRefused('authentication', '08P01', 'client selected an invalid SASL authentication mechanism');
  if (response !== null) return decodeBearerResponse(response);
  arrival.socket.write(encodeAuthenticationSaslContinue(Buffer.alloc(0)));
  return decodeBearerResponse(decodeSaslResponse(await arrival.message()));
}
