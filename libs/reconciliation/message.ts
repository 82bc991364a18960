import type { EventOf } from '#events';
import type { Fields } from './fields.js';

type Tells = EventOf<'native.observed'>['data']['tells'];

/** What a record's message tells. The words are those of `lc_messages` C or English: in another language only errors are told apart. */
export interface Told {
  readonly tells: Tells;
  /** How long it took, in µs. */
  readonly us?: number;
  /** The first word of the statement that it tells. */
  readonly verb?: string;
  /** `application_name` as the client gave it: the record of an authorization has it nowhere else. */
  readonly application?: string;
}

const errors = new Set(['ERROR', 'FATAL', 'PANIC']);
const durations = /^duration: (\d+)\.(\d{3}) ms(?: {2}(statement|execute)\b[^:]*: )?/;

export function toldBy({ message = '', error_severity: severity = '', ...fields }: Fields): Told {
  if (errors.has(severity)) return { tells: 'error' };
  if (severity !== 'LOG') return { tells: 'other' };
  if (message.startsWith('statement: ')) return { tells: 'statement', ...verbAt(message, 11) };
  if (message.startsWith('duration: ')) return timed(message);
  if (message.startsWith('execute ')) return { tells: 'statement', ...verbAt(message, message.indexOf(': ') + 2) };
  if (/^(replication )?connection authorized: /.test(message))
    return { tells: 'authorization', ...applicationIn(message, fields) };
  if (/^connection (received|authenticated|ready): /.test(message)) return { tells: 'connection' };
  if (message.startsWith('disconnection: ')) return { tells: 'disconnection' };
  return { tells: 'other' };
}

function timed(message: string): Told {
  const found = durations.exec(message);
  if (!found) return { tells: 'other' };
  const us = Number(found[1]) * 1000 + Number(found[2]);
  return found[3] === undefined ? { tells: 'duration', us } : { tells: 'statement', us, ...verbAt(message, found[0].length) };
}

function verbAt(message: string, at: number): { verb?: string } {
  const verb = /^(?:\s|\(|--[^\n]*\n|\/\*[^]*?\*\/)*([A-Za-z]{1,32})\b/.exec(message.slice(at, at + 4096))?.[1];
  return verb === undefined ? {} : { verb: verb.toUpperCase() };
}

/** Behind the names that the record has as fields too, so that no name can pass for it; before what follows of TLS. */
function applicationIn(message: string, { user, dbname }: Fields): { application?: string } {
  const names = `connection authorized: user=${user ?? ''}${message.startsWith('replication') ? '' : ` database=${dbname ?? ''}`}`;
  const key = ' application_name=';
  const begin = message.indexOf(names) + names.length;
  if (!message.startsWith(key, begin)) return {};
  const behind = Math.max(message.lastIndexOf(' SSL enabled ('), message.lastIndexOf(' GSS ('));
  const application = message.slice(begin + key.length, behind > begin ? behind : undefined);
  return application === '' ? {} : { application };
}

/**
 * Whether the record may quote a secret: a statement with the word in it, as the proxy withholds it too. What the server itself says of
 * authentication names the word and quotes nothing.
 */
export function mayHoldSecret(fields: Fields, tells: Tells): boolean {
  if (tells === 'connection' || tells === 'authorization' || fields.state_code?.startsWith('28') === true) return false;
  const { message, detail, hint, internal_query: inner, context, statement } = fields;
  return [message, detail, hint, inner, context, statement].some((text) => text !== undefined && /password/i.test(text));
}
