import type { Draft } from './draft.js';
import { without } from './named.js';
import type { Request } from './request.js';
import { enter } from './transaction.js';

/** The request that is being answered. CopyDone after a COPY that never began is dropped by the server, and so here. */
export function head(draft: Draft): Request | undefined {
  while (draft.pending[0]?.kind === 'copy end') next(draft);
  const [request] = draft.pending;
  if (request?.kind !== 'query' || request.begun || request.fate === 'unsent') return request;
  draft.prepared = without(draft.prepared, ''); // a simple query destroys it, whatever becomes of the query
  enter(draft);
  const begun = { ...request, begun: true };
  replaceHead(draft, begun);
  return begun;
}

export function next(draft: Draft): void {
  draft.pending = draft.pending.slice(1);
}

export function replaceHead(draft: Draft, request: Request): void {
  draft.pending = [request, ...draft.pending.slice(1)];
}
