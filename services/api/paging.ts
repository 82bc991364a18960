import { z } from 'zod';
import { RequestFailed } from './problem/problem.js';

export const PageSize = z.coerce.number().int().min(1).max(200).default(50).describe('How many at most.');

/** A place in a list, as the page before gave it in `next`. */
export const Cursor = z.string().max(500).optional().describe('`next` of the page before.');

/** An instant in a query: ISO 8601 with an offset, or Unix milliseconds. Given as Unix milliseconds. */
export const Instant = z
  .string()
  .max(40)
  .transform((text, context) => {
    const ms = /^\d{1,15}$/.test(text) ? Number(text) : Iso.safeParse(text).success ? Date.parse(text) : NaN;
    if (Number.isSafeInteger(ms) && ms >= 0) return ms;
    context.addIssue('must be ISO 8601 with an offset (2026-01-31T00:00:00Z), or Unix milliseconds');
    return z.NEVER;
  });
// Date.parse takes a 30th of February for the 2nd of March: what a report covers must not depend on that.
const Iso = z.iso.datetime({ offset: true }).or(z.iso.date());

/** Events name sessions and approvals in lower case. */
export const Id = z.uuid().toLowerCase();

/** A key as text that says nothing to whoever passes it on. */
export const cursorOf = (key: number | readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(key)).toString('base64url');

/** @throws RequestFailed `bad-request` for what was never given as `next` */
export function keyOf<S extends z.ZodType>(schema: S, cursor: string | undefined): z.infer<S> | undefined {
  if (cursor === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch (cause) {
    const errors = [{ path: 'cursor', message: 'is no `next` of this list' }];
    throw new RequestFailed('bad-request', undefined, errors, { cause });
  }
}

/** Splits what was read one beyond the page: the page, and where the next one begins. */
export function pageOf<T>(
  rows: readonly T[],
  limit: number,
  key: (row: T) => readonly (string | number)[],
): { items: T[]; next: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? cursorOf(key(last)) : null };
}
