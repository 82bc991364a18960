import { request } from '#pgwire';
import type { Refusal } from './refusal.js';

/** The name under which a refused statement's stand-in is parsed: under the unnamed one it would destroy the client's own. */
const reservedName = 'sallyport refused';

/**
 * A statement that fails in parse analysis whatever the session's state: a column without a table. Raised in a refused statement's
 * place, it makes the server roll back what that statement's error would have rolled back, and Postgres' own log shows the refusal.
 */
export function failingText(refusal: Pick<Refusal, 'rule' | 'sqlstate'>, statement: string): string {
  const rule = refusal.rule.replace(/[^\w:.-]/g, '_');
  return `/* sallyport refused ${statement} by ${rule} */ SELECT sallyport_refused`;
}

export const injectedQuery = (text: string): Buffer => request.query(text);
export const injectedParse = (text: string): Buffer => request.parse(reservedName, text);
