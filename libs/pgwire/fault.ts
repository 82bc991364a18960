import { Body } from './body.js';

/** One field of an ErrorResponse or NoticeResponse, as it came. */
export interface FaultField {
  /** The field's letter: https://www.postgresql.org/docs/18/protocol-error-fields.html */
  readonly code: string;
  readonly value: Buffer;
}

/** An ErrorResponse or NoticeResponse by the names of its fields. */
export interface Fault {
  /** Not localised: ERROR, FATAL, PANIC, WARNING, NOTICE, DEBUG, INFO or LOG. */
  readonly severity: string;
  /** SQLSTATE. */
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  /** In the query, 1-based, in characters. */
  readonly position?: number;
  readonly internalPosition?: number;
  readonly internalQuery?: string;
  readonly where?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly dataType?: string;
  readonly constraint?: string;
  readonly file?: string;
  readonly line?: number;
  readonly routine?: string;
}

/** Letters of the fields, in the order in which Postgres sends them; before them comes `S`, the severity in the server's language. */
const names = {
  V: 'severity',
  C: 'code',
  M: 'message',
  D: 'detail',
  H: 'hint',
  P: 'position',
  p: 'internalPosition',
  q: 'internalQuery',
  W: 'where',
  s: 'schema',
  t: 'table',
  c: 'column',
  d: 'dataType',
  n: 'constraint',
  F: 'file',
  L: 'line',
  R: 'routine',
} as const satisfies Record<string, keyof Fault>;
const numeric = new Set<keyof Fault>(['position', 'internalPosition', 'line']);

/** @throws MalformedMessage */
export function decodeFault(frame: Buffer): readonly FaultField[] {
  const body = new Body(frame, 'EN');
  const fields: FaultField[] = [];
  for (let code = body.byte(); code !== 0; code = body.byte())
    fields.push({ code: String.fromCharCode(code), value: body.cstring() });
  body.end();
  return fields;
}

/** The fields by name. Letters that this code does not know are left out, and so is what is no number where one belongs. */
export function toFault(fields: readonly FaultField[]): Fault {
  const given = new Map(fields.map(({ code, value }) => [code, value.toString('utf8')]));
  const named: Record<string, string | number> = {};
  for (const [letter, name] of Object.entries(names)) {
    const value = given.get(letter);
    if (value === undefined) continue;
    if (!numeric.has(name)) named[name] = value;
    else if (/^\d+$/.test(value)) named[name] = Number(value);
  }
  return { severity: given.get('S') ?? '', code: '', message: '', ...named };
}

/** The fields in the order in which Postgres sends them. */
export function toFields(fault: Fault): readonly FaultField[] {
  const fields: FaultField[] = [{ code: 'S', value: Buffer.from(fault.severity, 'utf8') }];
  for (const [letter, name] of Object.entries(names)) {
    const value = fault[name];
    if (value !== undefined) fields.push({ code: letter, value: Buffer.from(String(value), 'utf8') });
  }
  return fields;
}
