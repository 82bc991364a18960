import type { JWTPayload } from 'jose';
import { AuthenticationFailed } from './errors.js';
import { AmbiguousJson, parseUnambiguous } from './json.js';

/** The protected header of a token, as far as anything here reads it. */
export interface Header {
  readonly alg: string;
  readonly kid?: string;
  readonly typ?: string;
}

/** What a token says of itself. Nothing of it is verified. */
export interface Unverified {
  readonly header: Header;
  readonly payload: JWTPayload;
}

const longestToken = 16 * 1024;
const longestKid = 256;

/**
 * Reads a JWS in compact form, in one way only: bounded before anything is parsed, and refused where another reader could read it
 * differently from the one that verifies it.
 * @throws AuthenticationFailed
 */
export function readCompact(token: string): Unverified {
  if (token.length > longestToken) throw new AuthenticationFailed('too-long');
  const segments = token.split('.');
  if (segments.length === 5) throw new AuthenticationFailed('encrypted');
  const [header, payload, signature] = segments;
  if (segments.length !== 3 || !header || !payload || signature === undefined) throw new AuthenticationFailed('malformed');
  if (signature !== '') decode(signature);
  return { header: checked(objectOf(header)), payload: objectOf(payload) };
}

/** What a header may not say. Keys come from the issuer that is configured, never from an address or a key in the token. */
function checked(header: Readonly<Record<string, unknown>>): Header {
  if ('enc' in header || 'zip' in header) throw new AuthenticationFailed('encrypted');
  if (['jku', 'jwk', 'x5u', 'x5c'].some((name) => name in header)) throw new AuthenticationFailed('key-in-header');
  // RFC 7515 4.1.11: what must be understood, and is not. RFC 7797's b64 changes what the signature is over.
  if ('crit' in header || 'b64' in header) throw new AuthenticationFailed('critical');
  const { alg, kid, typ, cty } = header;
  if (cty !== undefined) throw new AuthenticationFailed('nested');
  if (typeof alg !== 'string') throw new AuthenticationFailed('algorithm');
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > longestKid))
    throw new AuthenticationFailed('key');
  if (typ !== undefined && typeof typ !== 'string') throw new AuthenticationFailed('type');
  return { alg, ...(kid !== undefined && { kid }), ...(typ !== undefined && { typ }) };
}

function objectOf(segment: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = parseUnambiguous(utf8.decode(decode(segment)));
  } catch (error) {
    if (error instanceof AuthenticationFailed) throw error;
    // The cause would quote the token.
    throw new AuthenticationFailed(error instanceof AmbiguousJson ? error.problem : 'malformed');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new AuthenticationFailed('malformed');
  return value as Readonly<Record<string, unknown>>;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Base64url as RFC 7515 writes it: no padding, no line breaks, and no second spelling of the last bits. */
function decode(segment: string): Buffer {
  const bytes = Buffer.from(segment, 'base64url');
  if (bytes.toString('base64url') !== segment) throw new AuthenticationFailed('malformed');
  return bytes;
}
