import type { DecidedOn, Event, EventOf, StatementFacts } from '#events';
import { type Draft, settle } from './draft.js';
import { isStatement, type Request, type Statement } from './request.js';
import { inEffect } from './settings.js';
import { currentRole } from './state.js';

/**
 * Ties what was decided to the request that it was decided on.
 * @param fresh the types of the client's messages that ended in this event
 */
export function decide(draft: Draft, event: Event, fresh: ReadonlySet<string>): void {
  if (event.type === 'statement.prepared') {
    const { n, name, statements } = event.data;
    tie(draft, 'parse', n, fresh.has('P'), (parse) => ({ ...parse, n, opaque: runsCode(statements), name: parse.name ?? name }));
  } else if (event.type === 'statement.decided') {
    decided(draft, event.data, fresh);
  } else if (event.type === 'proxy.statement' && event.data.purpose === 'refusal') {
    const { n } = event.data;
    draft.pending = draft.pending.map((each) => (isStatement(each) && each.n === n ? { ...each, fate: 'raised' } : each));
  } else if (event.type === 'statement.held') {
    const { n, approval, mode, until } = event.data;
    draft.hold = { n, approval, mode, until };
  }
}

type Decided = EventOf<'statement.decided'>['data'];

/** The letter of the message that each form of statement is asked for by. */
const letters = { query: 'Q', parse: 'P', bind: 'B', execute: 'E', call: 'F' } as const;

function decided(draft: Draft, data: Decided, fresh: ReadonlySet<string>): void {
  const { n, form, verdict, rule, policy, on } = data;
  draft.decision = { n, verdict, rule };
  draft.policy = policy;
  if (draft.hold?.n === n) draft.hold = null;
  const fate = verdict === 'allow' ? ('sent' as const) : ('unsent' as const);
  const said = { n, opaque: runsCode(data.statements), fate };
  const at = tie(draft, form, n, fresh.has(letters[form]), (request) =>
    request.kind === 'bind'
      ? {
          ...request,
          ...said,
          // A Bind that was not kept is still named by its decision.
          portal: request.portal ?? data.portal ?? null,
          statement: request.statement ?? preparedAs(draft, data.prepared),
        }
      : { ...request, ...said },
  );
  const before = at < 0 ? draft.pending : draft.pending.slice(0, at);
  if (!before.some(changesState)) observe(draft, on);
}

/** Gives the request of this kind that the event is about its id; its place among the pending, or −1. */
function tie<K extends Statement['kind']>(
  draft: Draft,
  kind: K,
  n: number,
  isFresh: boolean,
  change: (request: Extract<Statement, { kind: K }>) => Request,
): number {
  const isOfKind = (request: Request): request is Extract<Statement, { kind: K }> => request.kind === kind;
  const isUndecided = (request: Request): boolean => isOfKind(request) && request.n === null;
  const again = draft.pending.findIndex((request) => isStatement(request) && request.n === n && isOfKind(request));
  const at = again >= 0 ? again : isFresh ? draft.pending.findLastIndex(isUndecided) : draft.pending.findIndex(isUndecided);
  const request = draft.pending[at];
  if (request && isOfKind(request)) draft.pending = draft.pending.with(at, change(request));
  return at;
}

const preparedAs = (draft: Draft, n: number | undefined): string | null =>
  n === undefined ? null : (draft.prepared.find((each) => each.n === n)?.name ?? null);

const changesState = ({ kind }: Request): boolean => kind === 'query' || kind === 'execute' || kind === 'call';

/** With nothing in flight, what the decision was made on is what the server said: role and path are known again. */
function observe(draft: Draft, on: DecidedOn): void {
  const { scope } = draft;
  const role = currentRole(scope) === on.role ? scope.role : inEffect(scope.role, on.role);
  draft.scope = { ...scope, role, searchPath: inEffect<readonly string[]>(scope.searchPath, on.searchPath) };
  settle(draft, ['role', 'search_path']);
}

const runsCode = (statements: readonly StatementFacts[]): boolean =>
  statements.some(({ effects, functions }) => functions.length > 0 || (effects.includes('code') && !effects.includes('ddl')));
