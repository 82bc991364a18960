import { isUtf8 } from 'node:buffer';
import { MalformedMessage } from './violation.js';

/** SASL OAUTHBEARER as Postgres 18 and RFC 7628 have it: a token instead of a password. */
export const oauthBearer = 'OAUTHBEARER';

/** Where a client that was not let in gets a token. */
export interface BearerFailure {
  /** Address of the issuer's openid-configuration. */
  readonly configuration?: string;
  /** Scopes to ask for, separated by spaces. */
  readonly scope?: string;
}

/** What separates the parts, and all that a client may still say after a failure (RFC 7628 3.2.3). */
export const bearerSeparator = '\x01';

/**
 * ```
 * response = "n,," %x01 *(key "=" value %x01) %x01
 * ```
 * @param token absent: the client has none and asks where to get one
 */
export const encodeBearerResponse = (token?: string): string =>
  `n,,${bearerSeparator}auth=${token === undefined ? '' : `Bearer ${token}`}${bearerSeparator}${bearerSeparator}`;

/** The token of a client's response; undefined where it asks where to get one. @throws MalformedMessage */
export function decodeBearerResponse(response: Buffer): string | undefined {
  const malformed = (reason: string): MalformedMessage => new MalformedMessage('p', reason);
  if (!isUtf8(response)) throw malformed('its OAUTHBEARER response is not valid UTF-8');
  const [gs2 = '', ...pairs] = response.toString('utf8').split(bearerSeparator);
  if (gs2.startsWith('p')) throw malformed('OAUTHBEARER cannot bind to a channel');
  // An identity to act as would be said twice: it is the user of the start-up packet.
  if (gs2 !== 'n,,' && gs2 !== 'y,,') throw malformed('its OAUTHBEARER header is not known');
  if (pairs.length < 2 || pairs.pop() !== '' || pairs.pop() !== '') throw malformed('its OAUTHBEARER response has no end');
  const named = pairs.map((pair) => /^([A-Za-z]+)=([\x20-\x7e\t\r\n]*)$/.exec(pair));
  if (!named.every((pair) => pair !== null)) throw malformed('its OAUTHBEARER response has a part without a name');
  const auth = named.filter(([, name]) => name === 'auth').map(([, , value = '']) => value);
  const [only] = auth;
  if (only === undefined || auth.length > 1) throw malformed('its OAUTHBEARER response does not say auth once');
  if (only === '') return undefined;
  // RFC 6750 2.1: a scheme, in any case, and b64token.
  const [, token] = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(only) ?? [];
  if (token === undefined) throw malformed('its OAUTHBEARER response holds no bearer token');
  return token;
}

/** The server's word for a token that it does not take; the client answers it with one separator. */
export const encodeBearerFailure = ({ configuration, scope }: BearerFailure): Buffer =>
  Buffer.from(JSON.stringify({ status: 'invalid_token', 'openid-configuration': configuration, scope }), 'utf8');

/** @throws MalformedMessage */
export function decodeBearerFailure(data: Buffer): BearerFailure {
  let said: unknown;
  try {
    said = JSON.parse(data.toString('utf8'));
  } catch (cause) {
    throw new MalformedMessage('R', `its OAUTHBEARER failure is no JSON: ${(cause as Error).message}`);
  }
  const { 'openid-configuration': configuration, scope } = Object(said) as Record<string, unknown>;
  return { ...(typeof configuration === 'string' && { configuration }), ...(typeof scope === 'string' && { scope }) };
}
