import { type AccessKey, type AccessRow, keyOf, type Period, type Totals } from './access-report.js';

/** A statement as far as it matters here. */
export interface Statement extends Omit<AccessKey, 'relation' | 'access'> {
  readonly session: string;
  /** When it was first decided. */
  readonly at: number;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly approval: string | null;
  readonly masked: boolean;
  readonly outcome: string | null;
  readonly rows: number;
}

export const isIn = ({ since, until }: Period, at: number): boolean => at >= since && at < until;

/** Allowed, and what became of it is not on record. */
export const isUnfinished = ({ verdict, outcome }: Statement): boolean =>
  verdict === 'allow' && (outcome === null || outcome === 'unknown');

type Counted = { -readonly [K in keyof AccessRow]: AccessRow[K] };

/** Counts statements. */
export class Tally {
  private readonly rows = new Map<string, Counted>();
  private readonly sessions = new Set<string>();
  private totals = { statements: 0, allowed: 0, denied: 0, held: 0, rows: 0 };

  constructor(private readonly period: Period) {}

  add(statement: Statement): void {
    const { at, session, verdict, reads, writes, rows } = statement;
    if (!isIn(this.period, at)) return;
    this.sessions.add(session);
    this.totals.statements++;
    this.totals.rows += rows;
    if (verdict === 'allow') this.totals.allowed++;
    if (verdict === 'deny') this.totals.denied++;
    if (verdict === 'hold') this.totals.held++;
    for (const relation of reads) this.count(statement, relation, 'read');
    for (const relation of writes) this.count(statement, relation, 'write');
  }

  /** The counts with these added, which may still change. */
  with(open: readonly Statement[]): { readonly rows: readonly AccessRow[]; readonly totals: Totals } {
    const all = new Tally(this.period);
    all.totals = { ...this.totals };
    for (const [key, row] of this.rows) all.rows.set(key, { ...row });
    for (const session of this.sessions) all.sessions.add(session);
    for (const statement of open) all.add(statement);
    return { rows: [...all.rows.values()], totals: { sessions: all.sessions.size, ...all.totals } };
  }

  private count(statement: Statement, relation: string, access: AccessRow['access']): void {
    const { issuer, subject, kind, target, database, role, verb, verdict, at, approval, outcome, masked, rows } = statement;
    const key = { issuer, subject, kind, target, database, role, relation, access, verb, verdict };
    const name = keyOf(key);
    const none = { statements: 0, approved: 0, failed: 0, unfinished: 0, masked: 0, rows: 0, firstAt: at, lastAt: at };
    const row = this.rows.get(name) ?? { ...key, ...none };
    this.rows.set(name, row);
    row.statements++;
    row.rows += rows;
    if (verdict === 'allow' && approval !== null) row.approved++;
    if (verdict === 'allow' && outcome === 'error') row.failed++;
    if (isUnfinished(statement)) row.unfinished++;
    if (masked) row.masked++;
    row.firstAt = Math.min(row.firstAt, at);
    row.lastAt = Math.max(row.lastAt, at);
  }
}
