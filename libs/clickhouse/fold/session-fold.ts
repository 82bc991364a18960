import type { Event, EventOf, EventType } from '#events';
import type { SessionRow, StatementRow, TextRow } from '../rows.js';
import { plain } from './plain.js';
import { actorColumns, runColumns } from './run.js';
import { StatementFold } from './statement-fold.js';

/** The rows that came of a session's events since they were last taken. */
export interface SessionRows {
  readonly session: SessionRow;
  readonly statements: readonly StatementRow[];
  readonly texts: readonly TextRow[];
}

/** Raised by `apply` when events between the last one applied and this one are not there (yet). */
export class SessionGap extends Error {
  override readonly name = 'SessionGap';
  constructor(
    readonly session: string,
    readonly wanted: number,
    readonly found: number,
  ) {
    super(`session ${session}: event ${wanted} was due, ${found} came`);
  }
}

/**
 * One session's events, folded into rows. The same events give the same last version of every row, however they are cut into
 * batches and however often they come again.
 */
export class SessionFold {
  private row: SessionRow | undefined;
  private readonly statements = new StatementFold();

  constructor(readonly session: string) {}

  /** The seq that is due. */
  get next(): number {
    return this.row === undefined ? 0 : this.row.version + 1;
  }

  /** Whether nothing more will come. */
  get ended(): boolean {
    return this.row?.status === 'closed' || this.row?.status === 'refused';
  }

  /** An event that was applied already changes nothing. @throws SessionGap */
  apply(event: Event): void {
    if (event.seq < this.next) return;
    if (event.seq > this.next) throw new SessionGap(this.session, this.next, event.seq);
    this.applyNext(event);
  }

  /** Goes on at an event although those before it are missing, and counts them. */
  applyOverGap(event: Event): void {
    const missing = Math.max(0, event.seq - this.next);
    const row = this.row ?? unknownSession(event);
    this.row = { ...row, missingEvents: row.missingEvents + missing };
    this.applyNext(event);
  }

  /** What has changed since the last call. */
  take(): SessionRows | undefined {
    if (!this.row) return undefined;
    return { session: this.row, ...this.statements.take() };
  }

  private applyNext(event: Event): void {
    const row = this.row ?? unknownSession(event);
    const lost = (event.wire ?? []).reduce((sum, { lost, from, to }) => (lost ? sum + to - from : sum), 0);
    const counted = this.statements.apply(row, event);
    this.row = {
      ...evolve({ ...row, ...counted }, event),
      version: event.seq,
      lastAt: event.at,
      lostBytes: row.lostBytes + lost,
    };
  }
}

/** What each type of event says of the session itself; the others are about its statements and bytes. */
const changes: { readonly [T in EventType]?: (event: EventOf<T>, row: SessionRow) => Partial<SessionRow> } = {
  'session.opened': ({ at, data }) => {
    const application = data.parameters.find(({ name }) => name === 'application_name')?.value;
    return {
      openedAt: at,
      clientAddress: data.client.address,
      clientPort: data.client.port,
      user: plain(data.user),
      application: application === undefined ? null : plain(application),
      database: plain(data.database),
    };
  },
  'session.authenticated': ({ data }) => {
    const { principal, actors, run, role = null, login, target, database, durability, policy } = data;
    const { issuer, subject, kind, groups } = principal;
    const who = { issuer, subject, kind, groups, ...actorColumns(actors), ...runColumns(run), policyRole: role };
    return { ...who, login, target, database, durability, policy };
  },
  'session.refused': ({ at, data }) => ({
    status: 'refused',
    endedAt: at,
    reason: data.stage,
    detail: data.reason,
    sqlstate: data.sqlstate,
  }),
  'session.ready': ({ data }) => ({ status: 'open', backend: data.backend, serverVersion: data.serverVersion }),
  'session.closed': ({ at, data }, { status }) => ({
    // A refusal says more than the close that follows it.
    ...(status !== 'refused' && { status: 'closed', reason: data.reason, detail: data.detail ?? null }),
    endedAt: at,
    tailUnknown: data.tail === 'unknown',
  }),
};

function evolve(row: SessionRow, event: Event): SessionRow {
  const change = changes[event.type] as ((event: Event, row: SessionRow) => Partial<SessionRow>) | undefined;
  return change ? { ...row, ...change(event, row) } : row;
}

/** A session of which nothing is known but that this event is its. */
const unknownSession = ({ session, producer, at }: Event): SessionRow => ({
  session,
  version: 0,
  producer,
  openedAt: at,
  lastAt: at,
  endedAt: null,
  status: 'opening',
  clientAddress: '',
  clientPort: 0,
  user: '',
  application: null,
  issuer: null,
  subject: null,
  kind: null,
  groups: [],
  ...actorColumns(),
  ...runColumns(),
  policyRole: null,
  login: null,
  target: null,
  database: '',
  durability: null,
  policy: null,
  backend: null,
  serverVersion: null,
  reason: null,
  detail: null,
  sqlstate: null,
  tailUnknown: false,
  statements: 0,
  allowed: 0,
  denied: 0,
  held: 0,
  failed: 0,
  masked: 0,
  rows: 0,
  bytes: 0,
  missingEvents: 0,
  lostBytes: 0,
});
