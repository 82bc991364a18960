import { topics } from '#events';
import { fitList, fitText } from './fit.js';
import {
  actions,
  activities,
  activityOf,
  dispositions,
  isOwnRule,
  severities,
  severityOf,
  statuses,
  statusOf,
  verdictOf,
} from './meaning.js';
import type { DatastoreActivity, Unmapped } from './ocsf.js';
import type { Absent } from './recorded.js';
import type { EndedStatement } from './statement.js';

/** A statement's text as a record may show it: its literals replaced. */
export type ShownText = { readonly kind: 'redacted'; readonly text: string } | Absent;

/** The most that a record takes, in bytes of JSON. What follows keeps it so: the sum of all shares is less. */
export const recordBytes = 32 * 1024;
const textBytes = 12 * 1024;
const listBytes = 2 * 1024;
const messageBytes = 1024;
const nameBytes = 256;

/**
 * The record of a statement. Pure: the same statement gives the same record, byte for byte.
 * @param product the version of Sallyport that makes the record
 */
export function datastoreActivity(
  statement: EndedStatement,
  shown: ShownText,
  product: { readonly version: string },
): DatastoreActivity {
  const { session, n, decided, completion, by } = statement;
  const cut: string[] = [];
  const name = (text: string): string => shorten('name', text, nameBytes, cut);
  const list = (what: string, all: readonly string[] = []): string[] => {
    const first = fitList(all, listBytes);
    if (first.length < all.length) cut.push(what);
    return first;
  };
  const activity = activityOf(decided?.facts);
  const severity = severityOf(statement);
  const status = statusOf(statement);
  const { action, disposition } = verdictOf(statement);
  const place = `${session.target ?? 'unknown'}/${session.database ?? 'unknown'}`;
  const table = decided?.facts?.writes[0] ?? decided?.facts?.reads[0];
  const sqlstate = completion?.sqlstate ?? decided?.decision.sqlstate;
  const isAgent = session.principal?.kind === 'agent';
  return {
    activity_id: activities[activity],
    activity_name: activity === 'Other' ? name(decided?.facts?.verb ?? activity) : activity,
    category_uid: 6,
    category_name: 'Application Activity',
    class_uid: 6005,
    class_name: 'Datastore Activity',
    type_uid: 600_500 + activities[activity],
    type_name: `Datastore Activity: ${activity}`,
    time: by.at,
    timezone_offset: 0,
    severity_id: severities[severity],
    severity,
    status_id: statuses[status],
    status,
    ...(sqlstate !== undefined && { status_code: sqlstate }),
    status_detail: shorten('status_detail', detailOf(statement), messageBytes, cut),
    message: shorten('message', messageOf(statement, place, table), messageBytes, cut),
    ...(completion?.us !== undefined && { duration: Math.round(completion.us / 1000) }),
    action_id: actions[action],
    action,
    disposition_id: dispositions[disposition],
    disposition,
    is_alert: severity === 'High',
    ...(decided && ruleOf(decided.decision, name)),
    actor: actorOf(session, name, list),
    src_endpoint: sourceOf(session, name),
    dst_endpoint: { name: name(session.target ?? 'unknown'), svc_name: 'postgresql' },
    database: { name: name(session.database ?? 'unknown'), uid: name(place), type_id: 1, type: 'Relational' },
    ...(table !== undefined && { table: { name: name(table), uid: name(`${place}/${table}`) } }),
    type_id: table === undefined ? 1 : 3,
    type: table === undefined ? 'Database' : 'Table',
    ...(shown.kind === 'redacted' && {
      query_info: {
        uid: `${session.id}/${n}`,
        query_string: shorten('query_string', shown.text, textBytes, cut),
        query_time: decided?.at ?? by.at,
      },
    }),
    ...(isAgent && { message_context: agentOf(session.id, name(session.principal.subject)) }),
    metadata: {
      version: '1.8.0',
      profiles: isAgent ? ['ai_operation', 'security_control'] : ['security_control'],
      product: { name: 'sallyport', vendor_name: 'Sallyport', version: product.version },
      uid: `${by.id}/${n}`,
      sequence: by.seq,
      correlation_uid: session.id,
      event_code: by.type,
      log_name: topics.ocsfDatastoreActivity,
      log_provider: 'sallyport',
      original_time: new Date(by.at).toISOString(),
    },
    raw_data_hash: { algorithm_id: 3, algorithm: 'SHA-256', value: by.sha256 },
    unmapped: { sallyport: unmappedOf(statement, shown, name, list, cut) },
  };
}

type Name = (text: string) => string;
type List = (what: string, all?: readonly string[]) => string[];

function shorten(what: string, text: string, bytes: number, cut: string[]): string {
  const fit = fitText(text, bytes);
  if (fit !== text && !cut.includes(what)) cut.push(what);
  return fit;
}

function ruleOf({ rule, policy }: NonNullable<EndedStatement['decided']>['decision'], name: Name) {
  return {
    policy: { name: 'sallyport', uid: policy, is_applied: true },
    firewall_rule: { name: name(rule), uid: name(`${policy.slice(0, 12)}/${rule}`) },
  } as const;
}

function actorOf(
  { id, openedAt, principal, token }: EndedStatement['session'],
  name: Name,
  list: List,
): DatastoreActivity['actor'] {
  const isHuman = principal?.kind === 'human';
  return {
    ...(principal && !isHuman && { app_name: name(principal.subject), app_uid: name(`${principal.kind}:${principal.subject}`) }),
    ...(principal && {
      user: {
        name: name(principal.subject),
        uid: name(`${principal.issuer}|${principal.subject}`),
        domain: name(principal.issuer),
        type_id: isHuman ? 1 : 3,
        type: isHuman ? 'User' : 'System',
        groups: list('groups', principal.groups).map((group) => ({ name: name(group) })),
      },
    }),
    session: {
      uid: id,
      ...(openedAt !== undefined && { created_time: openedAt }),
      ...(principal && { issuer: name(principal.issuer) }),
      is_remote: true,
      ...(token !== undefined && { credential_uid: name(token) }),
    },
  };
}

function sourceOf({ client }: EndedStatement['session'], name: Name): DatastoreActivity['src_endpoint'] {
  if (!client) return { name: 'unknown' };
  const isIp = /^[0-9.]+$|^[0-9A-Fa-f:.%]*:[0-9A-Za-z:.%]*$/.test(client.address);
  const address = name(client.address);
  return { ...(isIp ? { ip: address } : { hostname: address }), port: client.port, name: address };
}

const agentOf = (uid: string, name: string) =>
  ({ uid, ai_role_id: 4, ai_role: 'Agent', application: { name }, service: { name: 'sallyport' } }) as const;

/** The words of the server or of the analysis may quote the statement: none of them is repeated. */
function detailOf({ decided, completion }: EndedStatement): string {
  if (!decided) return 'No decision is on record';
  const { verdict, rule, reason } = decided.decision;
  if (verdict === 'allow') return completion ? outcomes[completion.outcome] : 'Its session ended before its end was recorded';
  const how = verdict === 'deny' ? 'Denied' : 'Held';
  if (isOwnRule(rule)) return `${how} by ${rule}`;
  return reason === undefined || reason === '' ? `${how} by rule ${rule}` : `${how} by rule ${rule}: ${reason}`;
}

const outcomes: Readonly<Record<NonNullable<EndedStatement['completion']>['outcome'], string>> = {
  ok: 'Completed',
  error: 'The server answered with an error',
  cancelled: 'Cancelled',
  skipped: 'Skipped after an earlier error',
  refused: 'Refused before it was sent',
  suspended: 'Suspended at the limit of rows that was asked for',
  unknown: 'Its outcome is not known',
};

function messageOf(
  { session: { principal }, decided, completion }: EndedStatement,
  place: string,
  table: string | undefined,
): string {
  const who = principal ? `${principal.kind} ${principal.subject}` : 'someone unknown';
  const what = `${decided?.facts?.verb ?? 'a statement'}${table === undefined ? '' : ` ${table}`} on ${place}`;
  if (decided?.decision.verdict === 'deny') return `${who} was denied ${what}`;
  if (decided?.decision.verdict === 'hold') return `${who} was held at ${what}`;
  return `${who} sent ${what}: ${completion?.outcome ?? 'unknown'}`;
}

function unmappedOf(
  { session, n, decided, completion, by }: EndedStatement,
  shown: ShownText,
  name: Name,
  list: List,
  cut: string[],
): Unmapped {
  const affected = completion?.tag === undefined ? undefined : /\d+$/.exec(completion.tag)?.[0];
  return {
    statement: `${session.id}/${n}`,
    session_seq: by.seq,
    event_hash: by.hash,
    ...(decided && {
      verdict: decided.decision.verdict,
      form: decided.decision.form,
      analyzer: name(decided.decision.analyzer),
      ...(decided.decision.approval !== undefined && { approval: decided.decision.approval }),
      role: name(decided.decision.on.role),
    }),
    ...(session.durability !== undefined && { durability: session.durability }),
    ...(session.login !== undefined && { login: name(session.login) }),
    ...(decided?.facts && { verb: name(decided.facts.verb) }),
    ...(completion && { outcome: completion.outcome }),
    rows: completion?.rows ?? 0,
    ...(affected !== undefined && { rows_affected: Number(affected) }),
    bytes: completion?.bytes ?? 0,
    ...(completion?.us !== undefined && { duration_us: completion.us }),
    reads: list('reads', decided?.facts?.reads),
    writes: list('writes', decided?.facts?.writes),
    risks: list('risks', decided?.facts?.risks),
    masked: list('masked', decided?.decision.masked),
    ...(shown.kind === 'absent' && { no_text: shown.why }),
    cut,
  };
}
