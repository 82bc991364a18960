import { Body, type Format } from './body.js';

/**
 * What a client says after start-up, each read from its whole frame (type byte and length included). SQL and values are views of it.
 * Names that are not valid UTF-8 are refused. All throw MalformedMessage.
 */

export interface Query {
  /** Never holds a NUL. Not checked for UTF-8. */
  readonly sql: Buffer;
}

export interface Parse {
  /** The statement's name; empty for the unnamed one. */
  readonly name: string;
  readonly sql: Buffer;
  /** OIDs; 0 where the server is to infer the type. */
  readonly parameterTypes: readonly number[];
}

export interface Bind {
  readonly portal: string;
  readonly statement: string;
  /** None: all text. One: of every parameter. Else one a parameter. */
  readonly parameterFormats: readonly Format[];
  readonly parameters: readonly (Buffer | null)[];
  /** None: all text. One: of every column. Else one a column. */
  readonly resultFormats: readonly Format[];
}

/** Describe or Close. */
export interface Naming {
  readonly of: 'statement' | 'portal';
  readonly name: string;
}

export interface Execute {
  readonly portal: string;
  /** Rows after which the portal is suspended; 0 or less: never. */
  readonly maxRows: number;
}

export interface FunctionCall {
  readonly oid: number;
  readonly argumentFormats: readonly Format[];
  readonly arguments: readonly (Buffer | null)[];
  readonly resultFormat: Format;
}

export interface SaslInitialResponse {
  readonly mechanism: string;
  /** Null where the client leaves the first word to the server. */
  readonly response: Buffer | null;
}

/** A NUL before the end of the text makes it malformed: Postgres would read the statement that precedes it only. */
export function decodeQuery(frame: Buffer): Query {
  const body = new Body(frame, 'Q');
  const sql = body.cstring();
  if (body.left > 0) throw body.malformed('its text holds a NUL');
  return { sql };
}

export function decodeParse(frame: Buffer): Parse {
  const body = new Body(frame, 'P');
  const name = body.name();
  const sql = body.cstring();
  const parameterTypes = body.list(body.uint16(), 4, () => body.uint32());
  body.end();
  return { name, sql, parameterTypes };
}

export function decodeBind(frame: Buffer): Bind {
  const body = new Body(frame, 'B');
  const portal = body.name();
  const statement = body.name();
  const parameterFormats = formats(body);
  const parameters = values(body, parameterFormats);
  const resultFormats = formats(body);
  body.end();
  return { portal, statement, parameterFormats, parameters, resultFormats };
}

export function decodeDescribe(frame: Buffer): Naming {
  return naming(new Body(frame, 'D'));
}

export function decodeClose(frame: Buffer): Naming {
  return naming(new Body(frame, 'C'));
}

export function decodeExecute(frame: Buffer): Execute {
  const body = new Body(frame, 'E');
  const portal = body.name();
  const maxRows = body.int32();
  body.end();
  return { portal, maxRows };
}

export function decodeFunctionCall(frame: Buffer): FunctionCall {
  const body = new Body(frame, 'F');
  const oid = body.uint32();
  const argumentFormats = formats(body);
  const passed = values(body, argumentFormats);
  const resultFormat = body.format();
  body.end();
  return { oid, argumentFormats, arguments: passed, resultFormat };
}

/** The answer to AuthenticationCleartextPassword or AuthenticationMD5Password. */
export function decodePassword(frame: Buffer): Buffer {
  const body = new Body(frame, 'p');
  const password = body.cstring();
  body.end();
  return password;
}

/** The answer to AuthenticationSASL. */
export function decodeSaslInitialResponse(frame: Buffer): SaslInitialResponse {
  const body = new Body(frame, 'p');
  const mechanism = body.name();
  const response = body.value();
  body.end();
  return { mechanism, response };
}

/** The answer to AuthenticationSASLContinue. */
export function decodeSaslResponse(frame: Buffer): Buffer {
  return new Body(frame, 'p').rest();
}

/** Why the client gave up its COPY. */
export function decodeCopyFail(frame: Buffer): Buffer {
  const body = new Body(frame, 'f');
  const reason = body.cstring();
  body.end();
  return reason;
}

/** Sync, Flush, Terminate and CopyDone are a header and nothing else. */
export function decodeEmpty(frame: Buffer): void {
  new Body(frame, 'SHXc').end();
}

function naming(body: Body): Naming {
  const kind = String.fromCharCode(body.byte());
  if (kind !== 'S' && kind !== 'P') throw body.malformed(`it names neither a statement nor a portal: ${JSON.stringify(kind)}`);
  const name = body.name();
  body.end();
  return { of: kind === 'S' ? 'statement' : 'portal', name };
}

const formats = (body: Body): Format[] => body.list(body.uint16(), 2, () => body.format());

function values(body: Body, given: readonly Format[]): (Buffer | null)[] {
  const count = body.uint16();
  if (given.length > 1 && given.length !== count) throw body.malformed(`${given.length} formats for ${count} values`);
  return body.list(count, 4, () => body.value());
}
