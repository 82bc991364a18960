import type { Event } from '#events';
import { type AccessReport, inOrder, type Period } from './access-report.js';
import { gapsInOrder, gapsOfSession } from './gaps.js';
import { Producers } from './producers.js';
import { SessionAccess } from './session-access.js';
import { Tally } from './tally.js';

/**
 * The report as a fold over events. Of one session they come in the order of `seq`; between sessions, topics and producers in any
 * order, and any of them more than once. It sees whole sessions, those too that the period cuts.
 */
export class AccessFold {
  private readonly tally: Tally;
  private readonly producers = new Producers();
  private readonly sessions = new Map<string, SessionAccess>();
  private unreadable = 0;

  constructor(private readonly period: Period) {
    this.tally = new Tally(period);
  }

  take(event: Event): void {
    if (!this.producers.take(event)) return; // it was here before
    if (event.session === event.producer) return;
    const session = this.sessions.get(event.session) ?? new SessionAccess(event, this.tally);
    this.sessions.set(event.session, session);
    session.take(event);
  }

  /** A record that no code of this version can read: what it said is missing. */
  takeUnreadable(): void {
    this.unreadable++;
  }

  report(): AccessReport {
    const { period } = this;
    const { rows, totals } = this.tally.with([...this.sessions.values()].flatMap((session) => session.open));
    const unreadable = { kind: 'records-unreadable', id: 'log', subject: null, from: null, to: null } as const;
    const gaps = [
      ...[...this.sessions.values()].flatMap((session) => gapsOfSession(session.account(period), period)),
      ...this.producers.gaps(period),
      ...(this.unreadable > 0 ? [{ ...unreadable, count: this.unreadable }] : []),
    ];
    return { period, rows: inOrder(rows), totals, gaps: gapsInOrder(gaps) };
  }
}
