import type { Event, EventOf } from '#events';
import type { Period } from './access-report.js';
import type { SessionAccount } from './gaps.js';
import { isIn, isUnfinished, type Statement, type Tally } from './tally.js';

/** What one session did, and how whole its record is. */
export class SessionAccess {
  private readonly statements = new Map<number, Statement>();
  private readonly unfinishedAt: number[] = [];
  private who: Pick<Statement, 'issuer' | 'subject' | 'kind' | 'target' | 'database'>;
  private nextSeq = 0;
  private missingEvents = 0;
  private lostBytes = 0;
  private readonly session: string;
  private readonly openedAt: number;
  private lastAt: number;
  private endedAt: number | null = null;
  private tailUnknown = false;

  /** @param first the first event of the session that is there */
  constructor(
    first: Event,
    private readonly tally: Tally,
  ) {
    this.who = { issuer: null, subject: null, kind: null, target: null, database: '' };
    this.session = first.session;
    this.openedAt = first.at;
    this.lastAt = first.at;
  }

  /** Statements that may still change. */
  get open(): Statement[] {
    return [...this.statements.values()];
  }

  take(event: Event): void {
    this.missingEvents += Math.max(0, event.seq - this.nextSeq);
    this.nextSeq = event.seq + 1;
    this.lastAt = event.at;
    for (const { lost, from, to } of event.wire ?? []) if (lost !== undefined) this.lostBytes += to - from;
    this.fold(event);
  }

  account(period: Period): SessionAccount {
    const { openedAt, lastAt, endedAt, tailUnknown, missingEvents, lostBytes } = this;
    const open = this.open.filter(isUnfinished).map(({ at }) => at);
    const unfinished = [...this.unfinishedAt, ...open].filter((at) => isIn(period, at)).length;
    return {
      session: this.session,
      subject: this.who.subject,
      openedAt,
      lastAt,
      endedAt,
      tailUnknown,
      missingEvents,
      lostBytes,
      unfinished,
    };
  }

  private fold(event: Event): void {
    if (event.type === 'session.opened') {
      const { database } = event.data;
      this.who = {
        ...this.who,
        database: typeof database === 'string' ? database : `\\x${Buffer.from(database.b64, 'base64').toString('hex')}`,
      };
    } else if (event.type === 'session.authenticated') {
      const { principal, target, database } = event.data;
      this.who = { issuer: principal.issuer, subject: principal.subject, kind: principal.kind, target, database };
    } else if (event.type === 'session.refused') this.endedAt = event.at;
    else if (event.type === 'session.closed') {
      this.endedAt = event.at;
      this.tailUnknown = event.data.tail === 'unknown';
    } else if (event.type === 'statement.decided') this.decided(event);
    else if (event.type === 'statement.held') this.change(event, { approval: event.data.approval });
    else if (event.type === 'statement.completed') this.completed(event);
  }

  private decided(event: EventOf<'statement.decided'>): void {
    const { n, count, verdict, approval, on, statements, masked = [] } = event.data;
    for (let i = 0; i < count; i++) {
      const before = this.statements.get(n + i) ?? this.unknown(event);
      const { verb = before.verb, reads = before.reads, writes = before.writes } = statements[i] ?? {};
      const decision = { verdict, role: on.role, masked: masked.length > 0, approval: approval ?? before.approval };
      this.statements.set(n + i, { ...before, ...decision, verb, reads, writes });
    }
  }

  private completed(event: EventOf<'statement.completed'>): void {
    const { n, outcome, rows } = event.data;
    const statement = this.change(event, { outcome, rows });
    if (outcome === 'suspended') return;
    this.statements.delete(n);
    this.tally.add(statement);
    if (isUnfinished(statement)) this.unfinishedAt.push(statement.at);
  }

  private change(event: EventOf<'statement.held' | 'statement.completed'>, change: Partial<Statement>): Statement {
    const { n } = event.data;
    const statement = { ...(this.statements.get(n) ?? this.unknown(event)), ...change };
    this.statements.set(n, statement);
    return statement;
  }

  /** A statement of which nothing is known but that this event is about it. */
  private unknown({ at, session }: Event): Statement {
    const none = {
      role: null,
      verb: '',
      verdict: null,
      reads: [],
      writes: [],
      approval: null,
      masked: false,
      outcome: null,
      rows: 0,
    };
    return { ...this.who, ...none, session, at };
  }
}
