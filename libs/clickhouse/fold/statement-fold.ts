import type { Event, EventOf, StatementFacts } from '#events';
import type { SessionRow, StatementRow, TextRow } from '../rows.js';
import { runColumns } from './run.js';

/** What a session's row counts of its statements. */
type Counts = Pick<SessionRow, 'statements' | 'allowed' | 'denied' | 'held' | 'failed' | 'masked' | 'rows' | 'bytes'>;

/** A session's statements: decided, held, decided again, completed. Those that are not over are kept in mind. */
export class StatementFold {
  private readonly open = new Map<number, StatementRow>();
  private readonly changed = new Map<number, StatementRow>();
  private readonly texts: TextRow[] = [];

  /** @returns the session's counts after the event */
  apply(session: SessionRow, event: Event): Counts {
    if (event.type === 'statement.decided') return this.decided(session, event);
    if (event.type === 'statement.completed') return this.completed(session, event);
    if (event.type === 'statement.held') this.held(session, event);
    if (event.type === 'statement.prepared' && carriesText(event)) this.texts.push(textRow(event));
    return session;
  }

  /** What has changed since the last call. */
  take(): { statements: StatementRow[]; texts: TextRow[] } {
    const statements = [...this.changed.values()];
    this.changed.clear();
    return { statements, texts: this.texts.splice(0) };
  }

  private decided(session: SessionRow, event: EventOf<'statement.decided'>): Counts {
    const { n: first, count, verdict, masked = [] } = event.data;
    if (hasOwnText(event) && !this.open.has(first)) this.texts.push(textRow(event));
    let fresh = 0;
    for (let i = 0; i < count; i++) {
      const n = first + i;
      const before = this.open.get(n);
      if (!before) fresh++;
      this.put({
        ...(before ?? unknownStatement(session, event, n)),
        ...decision(event),
        ...facts(event, event.data.statements[i]),
      });
    }
    return {
      ...session,
      statements: session.statements + fresh,
      allowed: session.allowed + (verdict === 'allow' ? count : 0),
      denied: session.denied + (verdict === 'deny' ? count : 0),
      held: session.held + (verdict === 'hold' ? count : 0),
      masked: session.masked + (masked.length > 0 ? fresh : 0),
    };
  }

  private held(session: SessionRow, event: EventOf<'statement.held'>): void {
    const { n, approval, until } = event.data;
    const before = this.open.get(n) ?? unknownStatement(session, event, n);
    this.put({ ...before, version: event.seq, approval, heldUntil: until });
  }

  private completed(session: SessionRow, event: EventOf<'statement.completed'>): Counts {
    const { n, outcome, tag, rows, bytes, sqlstate, us } = event.data;
    const before = this.open.get(n) ?? unknownStatement(session, event, n);
    this.put({
      ...before,
      version: event.seq,
      outcome,
      endedAt: event.at,
      tag: tag ?? null,
      rows,
      bytes,
      sqlstate: sqlstate ?? before.sqlstate,
      us: us ?? null,
    });
    // A suspended portal is executed again.
    if (outcome !== 'suspended') this.open.delete(n);
    return {
      ...session,
      failed: session.failed + (outcome === 'error' ? 1 : 0),
      rows: session.rows + rows,
      bytes: session.bytes + bytes,
    };
  }

  private put(row: StatementRow): void {
    this.open.set(row.n, row);
    this.changed.set(row.n, row);
  }
}

type WithText = EventOf<'statement.decided'> | EventOf<'statement.prepared'>;

const textRow = ({ session, producer, pseq, data }: WithText): TextRow => ({ session, n: data.n, producer, pseq });

const carriesText = ({ parts }: WithText): boolean => parts?.some(({ name }) => name === 'sql') === true;

/** A Bind has the text of its Parse: what stands in its own part `sql` are later messages that were skipped. */
const hasOwnText = (event: EventOf<'statement.decided'>): boolean =>
  (event.data.form === 'query' || event.data.form === 'parse') && carriesText(event);

function decision({ seq, data }: EventOf<'statement.decided'>): Partial<StatementRow> {
  const { n, form, verdict, rule, reason, policy, approval, sqlstate, prepared, on, masked, run } = data;
  return {
    version: seq,
    form,
    textN: prepared ?? n,
    role: on.role,
    verdict,
    rule,
    why: reason ?? null,
    policy,
    ...(approval !== undefined && { approval }),
    sqlstate: sqlstate ?? null,
    masked: masked ?? [],
    ...runColumns(run),
  };
}

function facts({ data }: EventOf<'statement.decided'>, facts: StatementFacts | undefined): Partial<StatementRow> {
  if (!facts) return {};
  const { verb, effects, reads, writes, functions, unbounded, risks, from, to } = facts;
  const place = data.count > 1 ? { textFrom: from, textTo: to } : {};
  return { verb, effects, reads, writes, functions, unbounded, risks, ...place };
}

/** A statement of which nothing is known but that this event is about it. */
const unknownStatement = (session: SessionRow, { session: id, producer, at, seq }: Event, n: number): StatementRow => ({
  session: id,
  n,
  version: seq,
  producer,
  at,
  seq,
  issuer: session.issuer,
  subject: session.subject,
  kind: session.kind,
  actors: session.actors,
  actorIssuers: session.actorIssuers,
  ...runColumns(),
  target: session.target,
  database: session.database,
  role: null,
  form: null,
  textN: n,
  textFrom: null,
  textTo: null,
  verb: '',
  effects: [],
  reads: [],
  writes: [],
  functions: [],
  unbounded: false,
  risks: [],
  masked: [],
  verdict: null,
  rule: null,
  why: null,
  policy: null,
  approval: null,
  heldUntil: null,
  outcome: null,
  endedAt: null,
  tag: null,
  rows: 0,
  bytes: 0,
  sqlstate: null,
  us: null,
});
