import type { EventOf } from '#events';
import { decode, type Decoded } from './fields.js';
import type { LogFormat } from './cutter.js';
import { instantOf } from './instant.js';
import { mayHoldSecret, toldBy } from './message.js';

/** What a record of Postgres' log says, as facts; where it was found is left to whoever found it. */
export type NativeFacts = Omit<EventOf<'native.observed'>['data'], 'target' | 'file' | 'head' | 'from' | 'to' | 'format'>;

export interface NativeRecord {
  readonly facts: NativeFacts;
  /** Its text may quote a secret. */
  readonly isSecret: boolean;
}

/**
 * Reads one record.
 * @param bytes a record as it was cut; absent: it was longer than what is kept
 * @param before the time of the record before it, for one that cannot be read
 */
export function readRecord(format: LogFormat, bytes: Buffer | undefined, before: number): NativeRecord {
  const decoded = bytes && decode(format, bytes);
  const facts = decoded && factsOf(decoded);
  if (!decoded || !facts) return { facts: { time: before, severity: '', tells: 'unreadable' }, isSecret: mentions(bytes) };
  return { facts, isSecret: mayHoldSecret(decoded.fields, facts.tells) };
}

/** Nobody knows what it is: the word alone withholds it. */
const mentions = (bytes: Buffer | undefined): boolean => bytes !== undefined && /password/i.test(bytes.toString('latin1'));

function factsOf({ fields, text }: Decoded): NativeFacts | undefined {
  const { timestamp, session_id: id, error_severity: severity, user, dbname, remote_host: host } = fields;
  if (timestamp === undefined || severity === undefined) return undefined;
  const start = startOf(id);
  const time = instantOf(timestamp, fields.session_start, start);
  if (time === undefined) return undefined;
  const told = toldBy(fields);
  const application = told.application ?? fields.application_name;
  // Nothing that a server writes; an event has room for little.
  if ([user, dbname, host, application, severity, fields.ps].some((value) => (value?.length ?? 0) > 1024)) return undefined;
  const pid = count(fields.pid);
  const port = count(fields.remote_port);
  const line = count(fields.line_num);
  // While a statement is logged the backend still calls itself idle.
  const command = told.verb !== undefined && isIdle(fields.ps) ? told.verb : fields.ps;
  const queryId = fields.query_id === '0' ? undefined : fields.query_id;
  return {
    time,
    ...(pid !== undefined && { pid }),
    ...(start !== undefined && { start }),
    ...(user !== undefined && { user: text(user) }),
    ...(dbname !== undefined && { database: text(dbname) }),
    ...(application !== undefined && { application: text(application) }),
    ...(host !== undefined && { client: { host: plain(host), ...(port !== undefined && { port }) } }),
    ...(line !== undefined && { line }),
    ...(fields.backend_type !== undefined && { backend: plain(fields.backend_type) }),
    severity: plain(severity),
    ...(fields.state_code !== undefined && fields.state_code !== '00000' && { sqlstate: plain(fields.state_code) }),
    tells: told.tells,
    ...(command !== undefined && { command: plain(command) }),
    ...(queryId !== undefined && { queryId: plain(queryId) }),
    ...(told.us !== undefined && { us: told.us }),
  };
}

const isIdle = (ps: string | undefined): boolean => ps === undefined || ps.startsWith('idle');

/** A session id is the second of the backend's beginning and its pid, in hex. */
function startOf(id: string | undefined): number | undefined {
  const seconds = /^([0-9a-f]{1,12})\.[0-9a-f]+$/.exec(id ?? '')?.[1];
  return seconds === undefined ? undefined : parseInt(seconds, 16) * 1000;
}

function count(text: string | undefined): number | undefined {
  const number = Number(text);
  return text !== undefined && text !== '' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** These the server itself words: they are ASCII. */
const plain = (text: string): string => text.replace(/\p{Cs}/gu, '\ufffd');
