import { type Lineage, type Masked, plainLineage, type Statement } from '#masking';
import { request } from '#pgwire';
import type { Resolved, Written } from '#sql';
import type { AccountedPart } from './account.js';
import { type ClientMessage, isSecret } from './pipeline.js';
import type { Judge } from './port.js';
import type { Refusal } from './refusal.js';

/** What a text becomes where nothing is masked. */
export const untouched: Masked = { kind: 'as-is', touches: [] };

/**
 * What masks make of a text.
 * @param resolved its statements, each by itself
 * @param asked what the rules are asked about: EXECUTE and FETCH run what was rewritten when it was made
 */
export function maskingOf(
  judge: Judge,
  sql: Buffer,
  written: readonly Written[],
  resolved: readonly Resolved[],
  asked: readonly Resolved[],
): Masked {
  const { masking } = judge;
  if (!masking) return untouched;
  const named: Resolved[] = [];
  const statements = written.map((statement, i): Statement => {
    const [own, runs] = [resolved[i] as Resolved, asked[i] as Resolved];
    if (own === runs) return { written: statement, resolved: own };
    named.push(runs);
    return { written: statement, resolved: { ...runs, act: own.act, relations: own.relations } };
  });
  const masked = masking.rewrite(sql, statements);
  if (masked.kind === 'refused' || named.length === 0) return masked;
  return { ...masked, touches: [...new Set([...masked.touches, ...named.flatMap((one) => masking.touches(one))])].sort() };
}

/** Which result columns of each statement come from masked ones: of one that goes as it is none do, but what it runs by name may. */
export const lineagesOf = (
  { masking }: Judge,
  masked: Masked,
  resolved: readonly Resolved[],
  asked: readonly Resolved[],
): readonly Lineage[] =>
  asked.map((runs, i) => {
    const isShown = masked.kind === 'rewritten' || runs !== resolved[i];
    return masking && isShown ? masking.lineage(runs) : plainLineage;
  });

/** Tells two texts to forward apart: a statement that was prepared as one may not be run as the other. */
export function forwardedAs(masked: Masked, { from, to }: { readonly from: number; readonly to: number }): string {
  if (masked.kind !== 'rewritten') return masked.kind === 'refused' ? 'refused' : '';
  return JSON.stringify(masked.splices.filter((splice) => splice.from >= from && splice.to <= to));
}

export const forwardedQuery = (masked: Masked, bytes: Buffer): Buffer =>
  masked.kind === 'rewritten' ? request.query(masked.text.toString('utf8')) : bytes;

export const forwardedParse = (masked: Masked, name: string, types: readonly number[], bytes: Buffer): Buffer =>
  masked.kind === 'rewritten' ? request.parse(name, masked.text.toString('utf8'), types) : bytes;

/** The text that was sent for a message, as a part of the event that says so. */
export function forwardedPart(masked: Masked, message: ClientMessage): { parts?: readonly AccountedPart[] } {
  if (masked.kind !== 'rewritten') return {};
  return { parts: [{ name: 'forwarded', bytes: [masked.text], ...(isSecret(message) && { withheld: 'secret' }) }] };
}

/** The first OID that is not Postgres' own. */
export const firstUserOid = 16384;

/** A parameter of a type of the database may run a cast that nothing in the text shows. */
export const hasUserType = (types: readonly number[]): boolean => types.some((type) => type >= firstUserOid);

const byMasks = { verdict: 'deny', rule: 'sallyport:masking', sqlstate: '42501', retry: false } as const;

export const maskingRefusal = ({ reason, hint }: Extract<Masked, { kind: 'refused' }>, statement: string): Refusal => ({
  ...byMasks,
  reason,
  message: `denied by the masks of this database (statement ${statement}): ${reason}`,
  hint,
});

export const userTypeRefused = (statement: string): Refusal =>
  maskingRefusal(
    { kind: 'refused', reason: 'a parameter has a type of the database', hint: 'Give it as text and cast it in the statement.' },
    statement,
  );

export const unfaithful = (statement: string): Refusal =>
  maskingRefusal(
    {
      kind: 'refused',
      reason: 'it cannot be rewritten so that it shows no masked column',
      hint: 'Name the table in a plain FROM.',
    },
    statement,
  );

export const prepareAgain: Refusal = {
  ...byMasks,
  sqlstate: '0A000',
  reason: 'what it reads has changed since it was prepared',
  message: 'the statement must be prepared again: what it reads, or how that is masked, has changed',
  hint: 'Prepare it anew and execute that.',
  retry: false,
};
