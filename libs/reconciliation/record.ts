import type { EventOf, Text } from '#events';
import type { LogFormat } from './cutter.js';
import { decode, type Decoded } from './fields.js';
import { instantOf } from './instant.js';
import { mayHoldSecret, toldBy } from './message.js';

type Observed = EventOf<'native.observed'>['data'];

/** Where a record was found. */
export type Found = Pick<Observed, 'target' | 'file' | 'head' | 'from' | 'to' | 'format'>;

export interface NativeRecord {
  /** What it says, as facts. */
  readonly observed: Observed;
  /** Its text may quote a secret. */
  readonly isSecret: boolean;
}

/**
 * Reads one record.
 * @param bytes a record as it was cut; absent: it was longer than what is kept
 * @param before the time of the record before it, for one that cannot be read
 */
export function readRecord(found: Found, bytes: Buffer | undefined, before: number): NativeRecord {
  const decoded = bytes && decode(found.format, bytes);
  const observed = decoded && observedIn(found, decoded);
  if (!decoded || !observed)
    return { observed: { ...found, time: before, severity: '', tells: 'unreadable' }, isSecret: mentions(bytes) };
  return { observed, isSecret: mayHoldSecret(decoded.fields, observed.tells) };
}

/** Nobody knows what it is: the word alone withholds it. */
const mentions = (bytes: Buffer | undefined): boolean => bytes !== undefined && /password/i.test(bytes.toString('latin1'));

/** Member by member: a log has more lines than spreading them leaves time for. */
function observedIn(found: Found, { fields, text }: Decoded): Observed | undefined {
  const {
    timestamp,
    session_id: id,
    error_severity: severity,
    user,
    dbname,
    remote_host: host,
    ps,
    backend_type: backend,
  } = fields;
  if (timestamp === undefined || severity === undefined) return undefined;
  // Nothing that a server writes; an event has room for little.
  const { application_name: named, state_code: sqlstate, query_id: queryId } = fields;
  for (const value of [user, dbname, host, named, severity, ps, backend, sqlstate, queryId])
    if (value !== undefined && value.length > longest) return undefined;
  const start = startOf(id);
  const time = instantOf(timestamp, fields.session_start, start);
  if (time === undefined) return undefined;
  const { tells, us, verb, application = named } = toldBy(fields);
  const observed: Observed = { ...found, time, severity: plain(severity), tells };
  const pid = count(fields.pid);
  const port = count(fields.remote_port);
  const line = count(fields.line_num);
  // While a statement is logged the backend still calls itself idle.
  const command = verb !== undefined && isIdle(ps) ? verb : ps;
  if (pid !== undefined) observed.pid = pid;
  if (start !== undefined) observed.start = start;
  if (user !== undefined) observed.user = text(user);
  if (dbname !== undefined) observed.database = text(dbname);
  if (application !== undefined && application.length <= longest) observed.application = text(application);
  if (host !== undefined) observed.client = port === undefined ? { host: plain(host) } : { host: plain(host), port };
  if (line !== undefined) observed.line = line;
  if (backend !== undefined) observed.backend = plain(backend);
  if (sqlstate !== undefined && sqlstate !== '00000') observed.sqlstate = plain(sqlstate);
  if (command !== undefined) observed.command = plain(command);
  if (queryId !== undefined && queryId !== '0') observed.queryId = plain(queryId);
  if (us !== undefined) observed.us = us;
  return observed;
}

const longest = 1024;

const isIdle = (ps: string | undefined): boolean => ps === undefined || ps.startsWith('idle');

/** A session id is the second of the backend's beginning and its pid, in hex. */
function startOf(id: string | undefined): number | undefined {
  const seconds = /^([0-9a-f]{1,12})\.[0-9a-f]+$/.exec(id ?? '')?.[1];
  const start = seconds === undefined ? undefined : parseInt(seconds, 16) * 1000;
  return Number.isSafeInteger(start) ? start : undefined;
}

function count(text: string | undefined): number | undefined {
  const number = Number(text);
  return text !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** These the server itself words: they are ASCII. */
const plain = (text: string): string => text.replace(/\p{Cs}/gu, '\ufffd');

/** What a record says in words. */
export interface Words {
  readonly message: Text | null;
  readonly detail: Text | null;
  /** The statement that an error came of. */
  readonly statement: Text | null;
}

/** @param bytes of a whole record; null words where it cannot be read */
export function wordsOf(format: LogFormat, bytes: Buffer): Words {
  const decoded = decode(format, bytes);
  const word = (value: string | undefined): Text | null => (decoded && value !== undefined ? decoded.text(value) : null);
  return {
    message: word(decoded?.fields.message),
    detail: word(decoded?.fields.detail),
    statement: word(decoded?.fields.statement),
  };
}
