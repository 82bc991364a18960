import type { StatementFacts } from '#events';
import type { EndedStatement } from './statement.js';

/** OCSF 1.8.0, Datastore Activity: activity_id by its caption. */
export const activities = { Unknown: 0, Read: 1, Update: 2, Query: 4, Write: 5, Create: 6, Delete: 7, Other: 99 } as const;
export type Activity = keyof typeof activities;

export const severities = { Informational: 1, Low: 2, Medium: 3, High: 4 } as const;
export type Severity = keyof typeof severities;

export const statuses = { Unknown: 0, Success: 1, Failure: 2 } as const;
export type Status = keyof typeof statuses;

/** Profile security_control: action_id and disposition_id. */
export const actions = { Unknown: 0, Allowed: 1, Denied: 2, Modified: 4 } as const;
export const dispositions = { Unknown: 0, Allowed: 1, Blocked: 2, Delayed: 14, Rejected: 25 } as const;
export interface Verdict {
  readonly action: keyof typeof actions;
  readonly disposition: keyof typeof dispositions;
}

export function activityOf(facts: StatementFacts | undefined): Activity {
  if (!facts) return 'Unknown';
  const { verb } = facts;
  switch (verb.split(' ')[0] ?? '') {
    case 'SELECT':
      return verb === 'SELECT INTO' ? 'Create' : 'Query';
    case 'VALUES':
    case 'TABLE':
    case 'SHOW':
    case 'EXPLAIN':
    case 'DECLARE':
    case 'FETCH':
    case 'MOVE':
      return 'Query';
    case 'COPY':
      return facts.writes.length > 0 ? 'Write' : 'Read';
    case 'EXECUTE':
      return facts.writes.length > 0 ? 'Write' : 'Query';
    case 'INSERT':
      return 'Write';
    case 'UPDATE':
    case 'MERGE':
    case 'ALTER':
    case 'GRANT':
    case 'REVOKE':
    case 'REASSIGN':
    case 'COMMENT':
      return 'Update';
    case 'DELETE':
    case 'TRUNCATE':
    case 'DROP':
      return 'Delete';
    case 'CREATE':
      return 'Create';
    default:
      return 'Other';
  }
}

/** A rule of the proxy itself, not of the policy. */
export const isOwnRule = (rule: string): boolean => rule.startsWith('sallyport:');

export function verdictOf({ decided, completion }: EndedStatement): Verdict {
  if (!decided) return { action: 'Unknown', disposition: 'Unknown' };
  const { verdict, masked = [] } = decided.decision;
  if (verdict === 'deny') return { action: 'Denied', disposition: 'Blocked' };
  if (verdict === 'hold') return { action: 'Denied', disposition: 'Delayed' };
  // Allowed, and yet not sent: it could not be recorded, or was cancelled before.
  if (completion?.outcome === 'refused') return { action: 'Denied', disposition: 'Rejected' };
  return { action: masked.length > 0 ? 'Modified' : 'Allowed', disposition: 'Allowed' };
}

export function statusOf({ decided, completion }: EndedStatement): Status {
  switch (completion?.outcome) {
    case 'ok':
    case 'suspended':
      return 'Success';
    case 'error':
    case 'cancelled':
    case 'skipped':
    case 'refused':
      return 'Failure';
    case 'unknown':
      return 'Unknown';
    case undefined:
      return decided && decided.decision.verdict !== 'allow' ? 'Failure' : 'Unknown';
  }
}

const graveEffects: ReadonlySet<string> = new Set(['privilege', 'code', 'file', 'network']);

/** What destroys, escapes or changes who may do what. */
function isGrave(facts: StatementFacts | undefined): boolean {
  if (!facts) return false;
  const { verb, unbounded, effects } = facts;
  return unbounded || /^(DROP|TRUNCATE)\b/.test(verb) || effects.some((effect) => graveEffects.has(effect));
}

export function severityOf(statement: EndedStatement): Severity {
  const { decided } = statement;
  const grave = isGrave(decided?.facts);
  if (decided && decided.decision.verdict !== 'allow') {
    if (isOwnRule(decided.decision.rule)) return 'Low';
    return grave ? 'High' : 'Medium';
  }
  if (grave) return 'Medium';
  const isPlain = statusOf(statement) === 'Success' && decided?.facts?.risks.length === 0;
  return isPlain ? 'Informational' : 'Low';
}
