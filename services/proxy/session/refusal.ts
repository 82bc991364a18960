import type { Verdict } from '#events';
import { encodeErrorResponse, encodeNoticeResponse } from '#pgwire';
import type { Decision } from '#policy';
import type { HeldFacts } from './port.js';

/** A statement that does not go to the server, and what its sender is told instead. */
export interface Refusal {
  /** The event's side of it: a rule of the policy, or `sallyport:…`. */
  readonly verdict: Verdict;
  readonly rule: string;
  /** What the client is told was decided, and by which rule, where that is not what is done. */
  readonly instead?: { readonly verdict: Verdict; readonly rule: string };
  readonly reason: string;
  /** The client's side of it. */
  readonly sqlstate: string;
  readonly message: string;
  readonly hint?: string;
  /** 1-based, in characters, where the fault has a place. */
  readonly position?: number;
  readonly approval?: string;
  readonly retry: boolean;
}

/**
 * The DETAIL of every refusal and hold is one line of JSON that agents read: `{"decision","rule","statement","approval"?,"retry"}`.
 * `retry` says whether the same statement may succeed when it is sent again, unchanged, later.
 */
const detailOf = (refusal: Pick<Refusal, 'verdict' | 'rule' | 'instead' | 'approval' | 'retry'>, statement: string): string =>
  JSON.stringify({
    decision: refusal.instead?.verdict ?? refusal.verdict,
    rule: refusal.instead?.rule ?? refusal.rule,
    statement,
    ...(refusal.approval !== undefined && { approval: refusal.approval }),
    retry: refusal.retry,
  });

/** @param statement `<session>/<n>` */
export function refusalResponse(refusal: Refusal, statement: string): Buffer {
  return encodeErrorResponse({
    severity: 'ERROR',
    code: refusal.sqlstate,
    message: refusal.message,
    detail: detailOf(refusal, statement),
    ...(refusal.hint !== undefined && { hint: refusal.hint }),
    ...(refusal.position !== undefined && { position: refusal.position }),
  });
}

export function heldNotice(
  statement: string,
  rule: string,
  approval: string,
  approvers: readonly string[],
  waitMs: number,
): Buffer {
  return encodeNoticeResponse({
    severity: 'NOTICE',
    code: '00000',
    message: `statement ${statement} is held by rule ${rule}: waiting up to ${Math.ceil(waitMs / 1000)} s for ${approvers.join(', ')}`,
    detail: detailOf({ verdict: 'hold', rule, approval, retry: true }, statement),
    hint: `Approval ${approval} can be given with: sallyport approvals approve ${approval}`,
  });
}

export const denied = (rule: string, reason: string, statement: string): Refusal => ({
  verdict: 'deny',
  rule,
  reason,
  sqlstate: '42501',
  message: `denied by rule ${rule} (statement ${statement}): ${reason}`,
  hint: 'Ask whoever keeps the policy, or send a statement that the policy allows.',
  retry: false,
});

export const heldForRetry = (rule: string, statement: string, { approval, approvers }: HeldFacts, why: string): Refusal => ({
  verdict: 'hold',
  rule,
  reason: why,
  sqlstate: '42501',
  message: `held by rule ${rule} (statement ${statement}): ${why}`,
  hint: `Once ${approvers.join(' or ')} approved ${approval}, send exactly this statement again.`,
  approval,
  retry: true,
});

/** Nothing is run in a session that only asks what would be decided. The DETAIL says what that is. */
export const rehearsed = (
  { verdict, rule, reason }: Pick<Decision, 'verdict' | 'rule' | 'reason'>,
  statement: string,
): Refusal => ({
  verdict: 'deny',
  rule: 'sallyport:rehearsal',
  instead: { verdict, rule },
  reason: `only asked about: ${verdict} by rule ${rule}`,
  sqlstate: '57014',
  message: `not run, only decided on (statement ${statement}): rule ${rule} would ${verdict} it: ${reason}`,
  hint: 'Send it in a session without sallyport.mode=ask or explain.',
  retry: false,
});

export const syntaxError = (message: string, position: number): Refusal => ({
  verdict: 'deny',
  rule: 'sallyport:syntax',
  reason: 'syntax error', // the parser's words quote the statement, which belongs into its part alone
  sqlstate: '42601',
  message,
  position,
  retry: false,
});

export const unreadable = (reason: string): Refusal => ({
  verdict: 'deny',
  rule: 'sallyport:unreadable',
  reason,
  sqlstate: '54001',
  message: `the statement cannot be analysed: ${reason}`,
  hint: 'Split it into smaller statements.',
  retry: false,
});

export const stateInFlight: Refusal = {
  verdict: 'deny',
  rule: 'sallyport:state-in-flight',
  reason: 'an earlier message of the same pipeline changes what this decision reads',
  sqlstate: '0A000',
  message:
    'cannot decide this statement: an earlier one in the same pipeline or string changes settings, names or objects that it depends on',
  hint: 'Send the earlier statement by itself and wait for its result.',
  retry: true,
};

export const boundEarlier: Refusal = {
  verdict: 'deny',
  rule: 'sallyport:bound-earlier',
  reason: 'settings, names or objects that it depends on have changed since it was bound',
  sqlstate: '0A000',
  message: 'the portal must be bound again: settings, names or objects that its statement depends on have changed since',
  hint: 'Bind and execute it in one pipeline.',
  retry: false,
};

export const changedSinceAsked: Refusal = {
  verdict: 'deny',
  rule: 'sallyport:changed-since-asked',
  reason: 'what it would reach has changed since its approval was asked for',
  sqlstate: '0A000',
  message: 'the statement would no longer do what was approved: what its names stand for has changed',
  hint: 'Send it again to ask for an approval of what it does now.',
  retry: true,
};

export const tooLong: Refusal = {
  verdict: 'deny',
  rule: 'sallyport:too-long',
  reason: 'its record would be longer than an event may be',
  sqlstate: '54000',
  message: 'the statement is not run: what there is to record of it is longer than a record may be',
  hint: 'Send fewer statements in one string, fewer parameter types, or shorter names.',
  retry: false,
};

/** @param what as Postgres names it, with a name that may be of any length */
export const unknownName = (sqlstate: '26000' | '34000', what: string): Refusal => ({
  verdict: 'deny',
  rule: 'sallyport:unknown-name',
  reason: `${what.length > 200 ? `${what.slice(0, 200)}…` : what} is not known here`,
  sqlstate,
  message: `${what} does not exist`,
  retry: false,
});

export const aborted: Refusal = {
  verdict: 'deny',
  rule: 'sallyport:aborted-transaction',
  reason: 'the transaction is aborted',
  sqlstate: '25P02',
  message: 'current transaction is aborted, commands ignored until end of transaction block',
  retry: false,
};

export const functionCall: Refusal = {
  verdict: 'deny',
  rule: 'sallyport:function-call',
  reason: 'the FunctionCall message runs code without a statement',
  sqlstate: '42501',
  message: 'FunctionCall messages are not permitted here',
  hint: 'Call the function in a SELECT.',
  retry: false,
};

export const severalInParse: Refusal = {
  verdict: 'deny',
  rule: 'sallyport:syntax',
  reason: 'several commands in one prepared statement',
  sqlstate: '42601',
  message: 'cannot insert multiple commands into a prepared statement',
  retry: false,
};

export const cancelled = (rule: string): Refusal => ({
  verdict: 'deny',
  rule,
  reason: 'cancelled before it was sent',
  sqlstate: '57014',
  message: 'canceling statement due to user request',
  retry: true,
});

export const logBroken = (sqlstate: '58030' | '53100'): Refusal => ({
  verdict: 'deny',
  rule: 'sallyport:log',
  reason: 'the record could not be written',
  sqlstate,
  message:
    sqlstate === '53100'
      ? 'the statement was not run: there is no space left to record it'
      : 'the statement was not run: it could not be recorded',
  hint: 'Nothing of it took effect. Send it again when the log is well; the session goes on.',
  retry: true,
});
