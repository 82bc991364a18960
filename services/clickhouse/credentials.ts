import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Refused } from './refused.js';

/** The one account that this engine knows. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** @throws Refused unless the request carries the account's password, in either of the two ways that ClickHouse takes it */
export function authenticate(headers: IncomingHttpHeaders, { user, password }: Credentials): void {
  const given = basic(headers.authorization) ?? keyed(headers);
  // Both are compared, and as digests, so that the time taken tells nothing.
  const matches = [same(given.user, user), same(given.password, password)];
  if (matches.includes(false))
    throw new Refused(
      'AUTHENTICATION_FAILED',
      'Authentication failed: password is incorrect, or there is no user with such name',
    );
}

function basic(authorization: string | undefined): Credentials | undefined {
  const [, encoded] = /^Basic (.+)$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? { user: text, password: '' } : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function keyed(headers: IncomingHttpHeaders): Credentials {
  const text = (name: string): string => String(headers[name] ?? '');
  return { user: text('x-clickhouse-user'), password: text('x-clickhouse-key') };
}

const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
const same = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
