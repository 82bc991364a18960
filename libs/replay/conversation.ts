import { endAnswer, handOver, type HandedRows, idOf, startAnswer } from './answer.js';
import { type Draft, doubt, doubtAll } from './draft.js';
import { complete } from './effect.js';
import {
  type Column,
  commandTag,
  errorFields,
  parameterStatus,
  parameterTypes,
  rowDescription,
  transactionStatus,
} from './frames.js';
import { find, put, without } from './named.js';
import { head, next, replaceHead } from './pending.js';
import { commandsIn, isStatement, type Request, requestOf } from './request.js';
import { withReports } from './settings.js';
import type { PreparedStatement, Transaction } from './state.js';
import type { Message } from './stream.js';
import { enter, fail, ready } from './transaction.js';

/** Takes a message of the client into account: what it asks for waits for its answer. */
export function fromClient(draft: Draft, message: Message): void {
  if (message.type === 'd') {
    const { copy } = draft;
    if (copy) {
      const bytes = copy.bytes + message.length * message.count;
      draft.copy = { ...copy, messages: copy.messages + message.count, bytes };
    }
    return;
  }
  const request = requestOf(message);
  if (!request) return;
  if (draft.skipping) {
    if (request.kind !== 'sync') return;
    draft.skipping = false;
  }
  const { copy } = draft;
  // In copy-in the server ignores Sync: the one that counts follows the end of the data, or the message that breaks it off.
  if (copy && copy.direction !== 'out' && !copy.ended && draft.pending.length === 1) {
    if (request.kind === 'copy end') draft.copy = { ...copy, ended: true };
    if (request.kind === 'copy end' || request.kind === 'sync') return;
  }
  draft.pending = [...draft.pending, request];
}

/** Takes a message of the server into account. Gives the rows that it hands over, where it does. */
export function fromServer(draft: Draft, message: Message): HandedRows | undefined {
  const frame = message.frame instanceof Uint8Array ? message.frame : null;
  switch (message.type) {
    case 'S':
      reported(draft, frame);
      return undefined;
    case 'Z':
      readyForQuery(draft, frame);
      return undefined;
    case 'E':
      failed(draft, frame);
      return undefined;
    case 'D':
    case 'd':
      return handOver(draft, message);
    case '1':
    case '2':
    case '3':
    case 't':
    case 'T':
    case 'n':
    case 'V':
    case 'G':
    case 'H':
    case 'W':
    case 'C':
    case 'I':
    case 's':
      answered(draft, message.type, frame);
      return undefined;
    default:
      return undefined; // notices, notifications: nothing of the state
  }
}

type AnswerType = '1' | '2' | '3' | 't' | 'T' | 'n' | 'V' | 'G' | 'H' | 'W' | 'C' | 'I' | 's';

function answered(draft: Draft, type: AnswerType, frame: Uint8Array | null): void {
  const request = head(draft);
  if (!request) {
    doubt(draft, ['answers']);
    return;
  }
  // The unnamed portal goes when the query gets a portal of its own: one that fails in analysis has none.
  if (request.kind === 'query' && type !== 'I') draft.portals = without(draft.portals, '');
  switch (type) {
    case '1':
      if (request.kind === 'parse') parsed(draft, request);
      next(draft);
      return;
    case '2':
      if (request.kind === 'bind') bound(draft, request);
      next(draft);
      return;
    case '3':
      if (request.kind === 'close') closed(draft, request);
      next(draft);
      return;
    case 't':
      if (request.kind === 'describe' && frame) describe(draft, request.name, { types: parameterTypes(frame) ?? [] });
      return;
    case 'T':
    case 'n': {
      const columns = type === 'T' ? frame && rowDescription(frame) : [];
      if (request.kind !== 'describe') {
        startAnswer(draft, request, columns);
        return;
      }
      if (request.what === 'P')
        draft.portals = draft.portals.map((each) => (each.name === request.name ? { ...each, columns } : each));
      else describe(draft, request.name, { columns });
      next(draft);
      return;
    }
    case 'G':
    case 'H':
    case 'W':
      startCopy(draft, request, type);
      return;
    case 'V':
      doubtAll(draft); // a function ran, and nothing shows what it did
      return;
    case 'C':
    case 'I':
      completed(draft, request, frame && (type === 'C' ? commandTag(frame) : ''));
      return;
    case 's':
      endAnswer(draft, request, 'suspended', null);
      next(draft);
      return;
  }
}

function parsed(draft: Draft, { name, n, sql, types, opaque }: Extract<Request, { kind: 'parse' }>): void {
  enter(draft);
  if (name === null) doubt(draft, ['prepared']);
  else draft.prepared = put(draft.prepared, { name, by: 'protocol', n, sql, types, columns: null, opaque });
}

function bound(draft: Draft, { portal, statement, formats, n, opaque }: Extract<Request, { kind: 'bind' }>): void {
  enter(draft);
  if (portal === null) {
    doubt(draft, ['portals']);
    return;
  }
  const prepared = find(draft.prepared, statement);
  draft.portals = put(draft.portals, {
    name: portal,
    by: 'protocol',
    n: n ?? prepared?.n ?? null,
    statement,
    sql: prepared?.sql ?? null,
    hold: false,
    depth: draft.transaction.levels.length,
    columns: prepared?.columns && formats ? withFormats(prepared.columns, formats) : null,
    formats,
    opaque: opaque || (prepared?.opaque ?? false),
    rows: 0,
  });
}

/** Describing a statement cannot tell in which formats its columns will come: its Bind says. */
const withFormats = (columns: readonly Column[], formats: readonly number[]): Column[] =>
  columns.map((column, i) => ({ ...column, format: formats.length > 1 ? (formats[i] ?? 0) : (formats[0] ?? 0) }));

function closed(draft: Draft, { what, name }: { readonly what: 'S' | 'P' | null; readonly name: string | null }): void {
  if (what === null || name === null) doubt(draft, ['portals', 'prepared']);
  else if (what === 'P') draft.portals = without(draft.portals, name);
  else draft.prepared = without(draft.prepared, name);
}

function describe(draft: Draft, name: string | null, found: Partial<Pick<PreparedStatement, 'types' | 'columns'>>): void {
  draft.prepared = draft.prepared.map((each) => (each.name === name ? { ...each, ...found } : each));
}

function readyForQuery(draft: Draft, frame: Uint8Array | null): void {
  // What stands before the Sync and was never answered was dropped by the server.
  const at = draft.pending.findIndex(({ kind }) => kind === 'sync' || kind === 'query' || kind === 'call');
  draft.pending = draft.pending.slice(at + 1);
  draft.copy = null;
  const status = frame && transactionStatus(frame);
  ready(draft, isStatus(status) ? status : null);
  draft.scope = withReports(draft.scope, draft.reported);
}

const isStatus = (status: string | null): status is NonNullable<Transaction['status']> =>
  status === 'I' || status === 'T' || status === 'E';

function failed(draft: Draft, frame: Uint8Array | null): void {
  const request = head(draft);
  const { severity = '', sqlstate = '', message = '' } = (frame && errorFields(frame)) ?? {};
  const n = request ? idOf(draft, request) : null;
  draft.lastError = { severity, sqlstate, message, n };
  draft.copy = null;
  if (!request) return; // the server's own: a shutdown, a timeout
  if (draft.answer?.outcome === 'running' || n !== null) endAnswer(draft, request, 'error', null);
  if (!isStatement(request) || request.fate !== 'unsent') failedAtServer(draft, request);
  if (request.kind === 'query' || request.kind === 'call') return;
  const sync = draft.pending.findIndex(({ kind }) => kind === 'sync');
  draft.skipping = sync < 0;
  draft.pending = sync < 0 ? [] : draft.pending.slice(sync);
}

function failedAtServer(draft: Draft, request: Request): void {
  if (isStatement(request) && request.opaque) doubt(draft, ['prepared']); // no rollback takes a prepared statement back
  // The unnamed statement goes before the new one is read. A refusal is raised under another name, and leaves it.
  if (request.kind === 'parse' && request.name === '' && request.fate === 'sent') draft.prepared = without(draft.prepared, '');
  fail(draft);
}

function reported(draft: Draft, frame: Uint8Array | null): void {
  const status = frame && parameterStatus(frame);
  if (status) {
    draft.reported = put(draft.reported, status);
    draft.scope = withReports(draft.scope, [status]);
  } else doubt(draft, ['settings', 'search_path', 'role']);
}

function startCopy(draft: Draft, request: Request, type: 'G' | 'H' | 'W'): void {
  startAnswer(draft, request, null);
  const [head, ...rest] = draft.pending;
  const meant = rest.findIndex(({ kind }) => kind !== 'sync'); // Syncs sent ahead are ignored, as those to come
  const after = meant < 0 ? [] : rest.slice(meant);
  const ended = type !== 'H' && after[0]?.kind === 'copy end';
  draft.copy = { direction: type === 'G' ? 'in' : type === 'H' ? 'out' : 'both', messages: 0, bytes: 0, ended };
  if (type !== 'H' && head) draft.pending = [head, ...(ended ? after.slice(1) : after)];
}

function completed(draft: Draft, request: Request, tag: string | null): void {
  endAnswer(draft, request, 'ok', tag);
  draft.copy = null;
  if (request.kind === 'query') {
    const command = request.commands?.[request.done] ?? null;
    replaceHead(draft, { ...request, done: request.done + 1 });
    if (tag !== '') complete(draft, command, tag, request.opaque);
  } else {
    next(draft);
    if (request.kind !== 'execute') {
      doubt(draft, ['answers']);
      return;
    }
    const portal = find(draft.portals, request.portal);
    const command = commandsIn(portal?.sql ?? null)?.[0] ?? null;
    if (tag !== '') complete(draft, command, tag, request.opaque || (portal?.opaque ?? false));
  }
}
