import type { Text } from '#events';
import { Fields, nameOf, textOf, Truncated } from './fields.js';

/** One column of a result, as RowDescription gives it. */
export interface Column {
  readonly name: string;
  /** The OID of its type. */
  readonly type: number;
  /** 0 text, 1 binary. */
  readonly format: number;
}

export interface ParseFrame {
  readonly name: string;
  readonly sql: Text;
  readonly types: readonly number[];
}

export interface BindFrame {
  readonly portal: string;
  readonly statement: string;
  /** Of the result's columns: none (all text), one for all, or one each. */
  readonly formats: readonly number[];
}

/** `S`: a prepared statement. `P`: a portal. */
export interface NamedFrame {
  readonly what: 'S' | 'P';
  readonly name: string;
}

export interface ErrorFields {
  readonly severity: string;
  readonly sqlstate: string;
  readonly message: Text;
}

// The messages that change a session's state, or show it: protocol-message-formats.html.
export const queryText = reader((fields) => textOf(fields.cstring()));
export const parseFrame = reader<ParseFrame>((fields) => ({
  name: nameOf(fields.cstring()),
  sql: textOf(fields.cstring()),
  types: fields.list((type) => type.int32()),
}));
export const bindFrame = reader<BindFrame>((fields) => {
  const portal = nameOf(fields.cstring());
  const statement = nameOf(fields.cstring());
  fields.list((format) => format.int16());
  fields.list(value);
  return { portal, statement, formats: fields.list((format) => format.int16()) };
});
export const namedFrame = reader<NamedFrame>((fields) => ({
  what: fields.byte() === 0x53 ? 'S' : 'P',
  name: nameOf(fields.cstring()),
}));
export const executedPortal = reader((fields) => nameOf(fields.cstring()));

export const rowDescription = reader((fields) => fields.list(column));
export const rowValues = reader((fields) => fields.list(value));
export const parameterTypes = reader((fields) => fields.list((type) => type.int32() >>> 0));
export const commandTag = reader((fields) => nameOf(fields.cstring()));
export const transactionStatus = reader((fields) => String.fromCharCode(fields.byte()));
export const parameterStatus = reader((fields) => ({ name: nameOf(fields.cstring()), value: nameOf(fields.cstring()) }));
export const errorFields = reader<ErrorFields>((fields) => {
  const found = new Map<number, Uint8Array>();
  for (let field = fields.byte(); field !== 0; field = fields.byte()) found.set(field, fields.cstring());
  const read = (letter: string): Uint8Array => found.get(letter.charCodeAt(0)) ?? new Uint8Array();
  return { severity: nameOf(found.has(0x56) ? read('V') : read('S')), sqlstate: nameOf(read('C')), message: textOf(read('M')) };
});

function column(fields: Fields): Column {
  const name = nameOf(fields.cstring());
  fields.bytes(6);
  const type = fields.int32() >>> 0;
  fields.bytes(6);
  return { name, type, format: fields.int16() };
}

function value(fields: Fields): Uint8Array | null {
  const length = fields.int32();
  return length < 0 ? null : fields.bytes(length);
}

/** Null for a frame that is not what its letter says: a client may send anything, and it was recorded all the same. */
function reader<T>(read: (fields: Fields) => T): (frame: Uint8Array) => T | null {
  return (frame) => {
    try {
      return read(new Fields(frame));
    } catch (error) {
      if (error instanceof Truncated) return null;
      throw error;
    }
  };
}
