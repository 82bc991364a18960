import { type Event, parseEvent } from '#events';
import { type ClickHouse, recordedEvents, SessionFold, SessionGap, type SessionRows } from '#clickhouse';
import type { Logger } from '#runtime';

/** The folds of the sessions that live. What is not in memory is folded again from the raw rows, which hold whole blocks only. */
export class SessionFolds {
  private readonly folds = new Map<string, SessionFold>();

  constructor(
    private readonly clickhouse: ClickHouse,
    private readonly log: Logger,
  ) {}

  /** @returns the fold with the event in it */
  async apply(event: Event): Promise<SessionFold> {
    const fold = this.folds.get(event.session) ?? (event.seq === 0 ? new SessionFold(event.session) : await this.reload(event));
    this.folds.set(event.session, fold);
    try {
      fold.apply(event);
      return fold;
    } catch (error) {
      if (!(error instanceof SessionGap)) throw error;
    }
    // Another projector may have had this partition for a while: only what the rows do not hold either is missing.
    const again = await this.reload(event);
    this.folds.set(event.session, again);
    if (event.seq > again.next)
      this.log.error({ session: event.session, wanted: again.next, found: event.seq }, 'events are missing');
    if (event.seq >= again.next) again.applyOverGap(event);
    return again;
  }

  /** The rows of these folds; those of sessions that have ended are let go. */
  take(folds: Iterable<SessionFold>): SessionRows[] {
    return [...folds].flatMap((fold) => {
      if (fold.ended) this.folds.delete(fold.session);
      return fold.take() ?? [];
    });
  }

  private async reload({ session }: Event): Promise<SessionFold> {
    const fold = new SessionFold(session);
    for await (const { canon } of recordedEvents(this.clickhouse, session)) {
      const event = parseEvent(canon);
      if (event.seq >= fold.next) fold.applyOverGap(event);
    }
    return fold;
  }
}
