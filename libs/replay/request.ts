import type { Text } from '#events';
import { type Command, commandsOf } from './command.js';
import { bindFrame, executedPortal, namedFrame, parseFrame, queryText } from './frames.js';
import type { Message } from './stream.js';

/** What its decision says of a request. */
interface Decided {
  /** The statement's id, once it is decided. */
  readonly n: number | null;
  /** The analysis found code in it that may change what the wire does not report. */
  readonly opaque: boolean;
  /** A refused one is not sent: the server is made to fail in its place (`raised`), or never hears of it (`unsent`). */
  readonly fate: 'sent' | 'raised' | 'unsent';
}

/** A message of the client that is yet to be answered. Null content was not kept. */
export type Request =
  | (Decided & {
      readonly kind: 'query';
      readonly commands: readonly Command[] | null;
      /** How many of its statements are done. */
      readonly done: number;
      readonly begun: boolean;
    })
  | (Decided & {
      readonly kind: 'parse';
      readonly name: string | null;
      readonly sql: Text | null;
      readonly types: readonly number[];
    })
  | (Decided & {
      readonly kind: 'bind';
      readonly portal: string | null;
      readonly statement: string | null;
      readonly formats: readonly number[] | null;
    })
  | { readonly kind: 'describe' | 'close'; readonly what: 'S' | 'P' | null; readonly name: string | null }
  | (Decided & { readonly kind: 'execute'; readonly portal: string | null })
  | (Decided & { readonly kind: 'call' })
  | { readonly kind: 'sync' | 'copy end' };

/** The requests that a decision names. */
export type Statement = Extract<Request, Decided>;

export const isStatement = (request: Request): request is Statement => 'n' in request;

/** The request that a client's message makes; undefined for those that ask for no answer. */
export function requestOf({ type, frame }: Message): Request | undefined {
  const kept = frame instanceof Uint8Array ? frame : null;
  const undecided: Decided = { n: null, opaque: false, fate: 'sent' };
  switch (type) {
    case 'Q': {
      const sql = kept && queryText(kept);
      return { kind: 'query', ...undecided, commands: commandsIn(sql), done: 0, begun: false };
    }
    case 'P': {
      const { name = null, sql = null, types = [] } = (kept && parseFrame(kept)) ?? {};
      return { kind: 'parse', ...undecided, name, sql, types };
    }
    case 'B': {
      const { portal = null, statement = null, formats = null } = (kept && bindFrame(kept)) ?? {};
      return { kind: 'bind', ...undecided, portal, statement, formats };
    }
    case 'D':
    case 'C': {
      const { what = null, name = null } = (kept && namedFrame(kept)) ?? {};
      return { kind: type === 'D' ? 'describe' : 'close', what, name };
    }
    case 'E':
      return { kind: 'execute', ...undecided, portal: kept && executedPortal(kept) };
    case 'F':
      return { kind: 'call', ...undecided };
    case 'S':
      return { kind: 'sync' };
    case 'c':
    case 'f':
      return { kind: 'copy end' };
    default:
      return undefined;
  }
}

/** Null where the text is not there to read. */
export const commandsIn = (sql: Text | null): Command[] | null => (typeof sql === 'string' ? commandsOf(sql) : null);
