import { type Event, eventId, type EventOf } from '#events';
import { Numbered } from './numbered.js';
import { absent, type Recorded, type SqlText } from './recorded.js';
import type { DecidedStatement, EndedStatement, EndingEvent, SessionFacts } from './statement.js';

/** A session, as far as its statements' records depend on it. Never changed in place. */
export interface SessionState {
  /** Of the last event folded: one that is delivered again changes nothing. */
  readonly seq: number;
  readonly session: SessionFacts;
  /** What was prepared, by statement number, the oldest first. */
  readonly prepared: ReadonlyMap<number, { readonly name: string; readonly text: SqlText }>;
  /** The text that each portal was bound to, for those that are executed again. */
  readonly portals: ReadonlyMap<string, SqlText>;
  /** Decided, and not ended. */
  readonly open: Numbered<DecidedStatement>;
  /** The decisions that ended statements by denying them, whose completion may still come. */
  readonly denied: readonly { readonly n: number; readonly count: number }[];
}

export interface Step {
  readonly state: SessionState;
  readonly ended: readonly EndedStatement[];
}

export const initialState = (session: string): SessionState => ({
  seq: -1,
  session: { id: session },
  prepared: new Map(),
  portals: new Map(),
  open: Numbered.empty(),
  denied: [],
});

/** Named statements and portals whose text is kept for one session: Close is not seen here, so what is no longer used is not known. */
const mostNames = 1_000;

/**
 * Folds a session's next event. A statement ends with its completion, with its denial (which a hold may precede), or with its session;
 * each ends once. The events are those of one session, in order.
 */
export function evolve(state: SessionState, recorded: Recorded): Step {
  const { event } = recorded;
  if (event.seq <= state.seq) return { state, ended: [] };
  const next = { ...state, seq: event.seq };
  if (event.type === 'session.opened' || event.type === 'session.authenticated')
    return still({ ...next, session: { ...state.session, ...told(event) } });
  if (event.type === 'statement.prepared')
    return still({ ...next, prepared: prepare(state, event.data, recorded.sql ?? absent('missing')) });
  if (event.type === 'statement.decided') return decide(next, recorded, event.data);
  if (event.type === 'statement.completed') return complete(next, recorded, event.data);
  return endsSession(event) ? end(next, state.open.values(), recorded) : still(next);
}

/** Whether nothing of the session comes after this event. */
export const endsSession = ({ type }: Event): boolean => type === 'session.closed' || type === 'session.refused';

const still = (state: SessionState): Step => ({ state, ended: [] });

function told(event: EventOf<'session.opened'> | EventOf<'session.authenticated'>): Omit<SessionFacts, 'id'> {
  if (event.type === 'session.opened') {
    const { address, port } = event.data.client;
    return { openedAt: event.at, client: { address, port } };
  }
  const { principal, token, login, target, database, durability } = event.data;
  return { principal, login, target, database, durability, ...(token !== undefined && { token }) };
}

function prepare(
  { prepared }: SessionState,
  { n, name }: EventOf<'statement.prepared'>['data'],
  text: SqlText,
): SessionState['prepared'] {
  const others = [...prepared].filter(([, known]) => known.name !== name);
  return new Map([...others.slice(1 - mostNames), [n, { name, text }]]);
}

type Decision = EventOf<'statement.decided'>['data'];

function decide(state: SessionState, recorded: Recorded, { statements, ...decision }: Decision): Step {
  const whole = textOf(state, recorded, decision);
  const decided = Array.from({ length: decision.count }, (_, i): DecidedStatement => {
    const n = decision.n + i;
    const facts = statements.length === decision.count ? statements[i] : undefined;
    // What ends a hold does not bring the text again: it came when the hold began.
    const held = recorded.sql ? undefined : state.open.get(n)?.text;
    const text = held ?? (facts ? slice(whole, facts.from, facts.to) : whole);
    return { n, at: recorded.event.at, decision, text, ...(facts && { facts }) };
  });
  if (decision.verdict === 'deny') {
    const { n, count } = decision;
    return end({ ...state, denied: [...state.denied, { n, count }] }, decided, recorded);
  }
  return still({
    ...state,
    open: decided.reduce((open, one) => open.set(one.n, one), state.open),
    portals: decision.form === 'bind' ? bind(state, decision.portal ?? '', whole) : state.portals,
  });
}

function bind({ portals }: SessionState, portal: string, text: SqlText): SessionState['portals'] {
  const others = [...portals].filter(([name]) => name !== portal);
  return new Map([...others.slice(1 - mostNames), [portal, text]]);
}

function textOf(state: SessionState, { sql }: Recorded, { form, prepared, portal }: Omit<Decision, 'statements'>): SqlText {
  switch (form) {
    case 'query':
    case 'parse':
      return sql ?? absent('missing');
    case 'bind':
      // A Bind of a name that nobody prepared is refused: it has no text.
      return prepared === undefined ? absent('none') : (state.prepared.get(prepared)?.text ?? absent('forgotten'));
    case 'execute':
      return state.portals.get(portal ?? '') ?? absent('none');
    case 'call':
      return absent('none');
  }
}

function slice(text: SqlText, from: number, to: number): SqlText {
  if (text.kind === 'absent') return text;
  return from < to && to <= text.sql.length ? { kind: 'sql', sql: text.sql.subarray(from, to) } : absent('unreadable');
}

function complete(before: SessionState, recorded: Recorded, completion: EventOf<'statement.completed'>['data']): Step {
  const { n, outcome } = completion;
  // Completions come in the order of their statements.
  const state = { ...before, denied: before.denied.filter((decision) => n < decision.n + decision.count) };
  if (state.denied.some((decision) => decision.n <= n)) return still(state);
  const decided = state.open.get(n);
  if (!decided) return { state, ended: [{ session: state.session, n, completion, by: endingOf(recorded) }] };
  // A string of several that was held is refused as one, and completed as one.
  const { verdict, n: first, count } = decided.decision;
  const isWhole = verdict === 'hold' && outcome === 'refused';
  const group = isWhole ? Array.from({ length: count }, (_, i) => state.open.get(first + i)) : [decided];
  return end(
    state,
    group.filter((one) => one !== undefined),
    recorded,
    completion,
  );
}

function end(
  state: SessionState,
  statements: readonly DecidedStatement[],
  recorded: Recorded,
  completion?: EventOf<'statement.completed'>['data'],
): Step {
  const open = statements.reduce((left, { n }) => left.delete(n), state.open);
  const by = endingOf(recorded);
  const ended = statements.map((decided) => ({
    session: state.session,
    n: decided.n,
    decided,
    by,
    ...(completion && { completion }),
  }));
  return { state: { ...state, open }, ended };
}

function endingOf({ event, sha256, hash }: Recorded): EndingEvent {
  const { type, seq, at } = event;
  return { id: eventId(event), type, seq, at, sha256, hash };
}
