import { isUtf8 } from 'node:buffer';
import type { Text } from '#events';
import type { LogFormat } from './cutter.js';

/** A record's fields by Postgres' names of jsonlog. Empty ones are absent. */
export type Fields = Readonly<Partial<Record<FieldName, string>>>;
export type FieldName = (typeof columns)[number] | 'remote_host' | 'remote_port';

/** The columns of csvlog, Postgres 14 to 18; `connection_from` is host and port in one. */
const columns = [
  ...(['timestamp', 'user', 'dbname', 'pid', 'connection_from', 'session_id', 'line_num', 'ps', 'session_start'] as const),
  ...(['vxid', 'txid', 'error_severity', 'state_code', 'message', 'detail', 'hint', 'internal_query'] as const),
  ...(['internal_position', 'context', 'statement', 'cursor_position', 'location', 'application_name'] as const),
  ...(['backend_type', 'leader_pid', 'query_id'] as const),
] as const;

/** A record's fields, and how a value of them is read: text that is no UTF-8 is carried as its bytes. */
export interface Decoded {
  readonly fields: Fields;
  readonly text: (value: string) => Text;
}

/** Undefined for what is no record of this format. */
export function decode(format: LogFormat, bytes: Buffer): Decoded | undefined {
  // Byte for byte where it is no UTF-8: what is syntax is ASCII in either format.
  const isText = isUtf8(bytes);
  const line = bytes.toString(isText ? 'utf8' : 'latin1');
  const fields = format === 'jsonlog' ? ofJson(line) : ofCsv(line);
  return fields && { fields, text: isText ? wellFormed : textOfBytes };
}

function ofJson(line: string): Fields | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined; // a torn line, or something else that was written there
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
  const fields = json as Record<string, unknown>;
  for (const key in fields) {
    const value = fields[key];
    if (typeof value === 'number') fields[key] = String(value);
    else if (typeof value !== 'string' || value === '') fields[key] = undefined;
  }
  return fields;
}

function ofCsv(line: string): Fields | undefined {
  const values = csvValues(line);
  if (values.length !== columns.length) return undefined;
  const fields: Partial<Record<FieldName, string>> = {};
  for (const [i, value] of values.entries()) {
    const name = columns[i];
    if (name !== undefined && value !== '') fields[name] = value;
  }
  const from = fields.connection_from;
  if (from !== undefined) {
    // An IPv6 address has colons of its own, a Unix socket is `[local]` and has no port.
    const colon = from.lastIndexOf(':');
    fields.remote_host = colon < 0 ? from : from.slice(0, colon);
    if (colon >= 0) fields.remote_port = from.slice(colon + 1);
  }
  return fields;
}

/** RFC 4180, as Postgres writes it. */
function csvValues(line: string): string[] {
  const values: string[] = [];
  const end = line.endsWith('\n') ? line.length - 1 : line.length;
  let at = 0;
  for (;;) {
    let value: string;
    if (line[at] === '"') {
      let close = line.indexOf('"', at + 1);
      while (close >= 0 && line[close + 1] === '"') close = line.indexOf('"', close + 2);
      if (close < 0) return [];
      value = line.slice(at + 1, close).replaceAll('""', '"');
      at = close + 1;
    } else {
      const comma = line.indexOf(',', at);
      const stop = comma < 0 ? end : comma;
      value = line.slice(at, stop);
      at = stop;
    }
    values.push(value);
    if (at >= end) return values;
    if (line[at] !== ',') return [];
    at++;
    if (at === end) return [...values, ''];
  }
}

/** JSON's escapes can name halves of a character, which no canonical text holds. */
const wellFormed = (value: string): Text => (/\p{Cs}/u.test(value) ? { b64: Buffer.from(value).toString('base64') } : value);

function textOfBytes(value: string): Text {
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : { b64: bytes.toString('base64') };
}
