import { type Draft, doubt } from './draft.js';
import type { Column } from './frames.js';
import { hand } from './handed.js';
import { find, put } from './named.js';
import { head } from './pending.js';
import { isStatement, type Request } from './request.js';
import type { Answer, Portal } from './state.js';
import type { Message } from './stream.js';
import { enter } from './transaction.js';

/** The rows of a message, and the statement and columns that they belong to. */
export interface HandedRows {
  readonly message: Message;
  readonly n: number | null;
  readonly columns: readonly Column[] | null;
  /** Of the columns, where no RowDescription told them. */
  readonly formats: readonly number[] | null;
}

/** The id of the statement that a request is at: a Query's next one, a portal's own where an Execute has none. */
export function idOf(draft: Draft, request: Request): number | null {
  if (request.kind === 'query') return request.n === null ? null : request.n + request.done;
  if (request.kind === 'execute') return request.n ?? find(draft.portals, request.portal)?.n ?? null;
  return isStatement(request) ? request.n : null;
}

export function startAnswer(draft: Draft, request: Request, columns: readonly Column[] | null): Answer {
  enter(draft);
  const n = idOf(draft, request);
  return (draft.answer = { n, outcome: 'running', tag: null, columns, masks: null, rows: 0, kept: 0 });
}

export function endAnswer(draft: Draft, request: Request, outcome: 'ok' | 'error' | 'suspended', tag: string | null): void {
  const running = draft.answer?.outcome === 'running' ? draft.answer : startAnswer(draft, request, columnsOf(draft, request));
  draft.answer = { ...running, outcome, tag };
}

const portalOf = (draft: Draft, request: Request): Portal | undefined =>
  request.kind === 'execute' ? find(draft.portals, request.portal) : undefined;

const columnsOf = (draft: Draft, request: Request): readonly Column[] | null => portalOf(draft, request)?.columns ?? null;

/** A row, or a COPY message, goes to the client. Gives the row with what it belongs to. */
export function handOver(draft: Draft, message: Message): HandedRows | undefined {
  const request = head(draft);
  draft.handed = hand(draft.handed, message);
  if (message.type === 'd') {
    if (draft.copy) {
      const bytes = draft.copy.bytes + message.length * message.count;
      draft.copy = { ...draft.copy, messages: draft.copy.messages + message.count, bytes };
    }
    return undefined;
  }
  if (!request) {
    doubt(draft, ['answers']);
    return { message, n: null, columns: null, formats: null };
  }
  const portal = portalOf(draft, request);
  const answer = draft.answer?.outcome === 'running' ? draft.answer : startAnswer(draft, request, portal?.columns ?? null);
  const kept = message.frame instanceof Uint8Array ? message.count : 0;
  draft.answer = { ...answer, rows: answer.rows + message.count, kept: answer.kept + kept };
  if (portal) draft.portals = put(draft.portals, { ...portal, rows: portal.rows + message.count });
  return { message, n: answer.n, columns: answer.columns, formats: portal?.formats ?? (request.kind === 'query' ? [] : null) };
}
