import type { Event } from '#events';

/** A session in one line. */
export interface SessionSummary {
  readonly id: string;
  /** Unix milliseconds of its first event. */
  readonly opened: number;
  readonly principal: string | null;
  readonly kind: 'human' | 'agent' | 'service' | null;
  readonly target: string | null;
  readonly database: string | null;
  readonly statements: number;
  readonly denied: number;
  readonly held: number;
  readonly rows: number;
  /** Why it ended; null while its log does not say that it did. */
  readonly ended: string | null;
}

const begun = (id: string, opened: number): SessionSummary => ({
  ...{ id, opened, principal: null, kind: null, target: null, database: null },
  ...{ statements: 0, denied: 0, held: 0, rows: 0, ended: null },
});

/** Folds one event more into the summary of its session. */
export function summarize(before: SessionSummary | undefined, event: Event): SessionSummary {
  const summary = before ?? begun(event.session, event.at);
  if (event.type === 'session.authenticated') {
    const { principal, target, database } = event.data;
    return { ...summary, principal: principal.subject, kind: principal.kind, target, database };
  }
  if (event.type === 'statement.decided') {
    const { count, verdict, approval } = event.data;
    // A second decision ends a hold: its statement was counted by the first.
    const again = verdict !== 'hold' && approval !== undefined;
    return {
      ...summary,
      statements: summary.statements + (again ? 0 : Math.max(1, count)),
      denied: summary.denied + (verdict === 'deny' ? 1 : 0),
      held: summary.held + (verdict === 'hold' ? 1 : 0),
    };
  }
  if (event.type === 'statement.completed') return { ...summary, rows: summary.rows + event.data.rows };
  if (event.type === 'session.refused') return { ...summary, ended: `refused (${event.data.sqlstate})` };
  if (event.type === 'session.closed') return { ...summary, ended: event.data.reason };
  return summary;
}
