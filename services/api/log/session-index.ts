import { SessionFold, type SessionRow } from '#clickhouse';
import type { StoredRecord } from '#event-log';
import { type Event, topics } from '#events';

/** How many sessions are kept in mind, the newest of them. */
export const mostSessions = 5_000;

/** A record's place in its topic. */
export interface Place {
  readonly partition: string;
  readonly offset: number;
}

interface Indexed {
  readonly events: Place;
  parts: Place | undefined;
  /** Gone once the session has ended. */
  fold: SessionFold | undefined;
  row: SessionRow | undefined;
}

/** Where the newest sessions are in the log, and what each came to: enough to list them, and to read one without all the others. */
export class SessionIndex {
  private readonly sessions = new Map<string, Indexed>();
  /** The first part of a key, until an event shows that the key is a session's. */
  private readonly earlyParts = new Map<string, Place>();
  private forgotten = 0;

  /** @param event what the record says, where it is an event that can be read */
  take(record: StoredRecord, event: Event | undefined): void {
    if (record.topic === topics.parts) this.takePart(record);
    else if (event && event.session !== event.producer) this.takeEvent(record, event);
  }

  /** How many sessions were let go: a list without them is not the whole. */
  get dropped(): number {
    return this.forgotten;
  }

  /** Newest first, by (openedAt, session). */
  rows(): SessionRow[] {
    const rows = [...this.sessions.values()].flatMap(({ row }) => row ?? []);
    return rows.sort((a, b) => b.openedAt - a.openedAt || (a.session < b.session ? 1 : -1));
  }

  row(session: string): SessionRow | undefined {
    return this.sessions.get(session)?.row;
  }

  /** Where its first event and its first part are; undefined for a session that is not kept in mind. */
  placeOf(session: string): { readonly events: Place; readonly parts: Place | undefined } | undefined {
    return this.sessions.get(session);
  }

  private takePart({ key, partition, offset }: StoredRecord): void {
    const indexed = this.sessions.get(key);
    if (indexed) indexed.parts ??= { partition, offset };
    else if (!this.earlyParts.has(key)) this.earlyParts.set(key, { partition, offset });
  }

  private takeEvent({ partition, offset }: StoredRecord, event: Event): void {
    const { session } = event;
    const indexed = this.sessions.get(session) ?? this.begin(session, { partition, offset });
    const { fold } = indexed;
    if (!fold || event.seq < fold.next) return;
    fold.applyOverGap(event);
    indexed.row = fold.take()?.session;
    if (fold.ended) indexed.fold = undefined;
  }

  private begin(session: string, events: Place): Indexed {
    const indexed = { events, parts: this.earlyParts.get(session), fold: new SessionFold(session), row: undefined };
    this.earlyParts.delete(session);
    this.sessions.set(session, indexed);
    // Ids are in the order of time, and so is the map, near enough.
    for (const oldest of this.sessions.keys()) {
      if (this.sessions.size <= mostSessions) break;
      this.sessions.delete(oldest);
      this.forgotten++;
    }
    return indexed;
  }
}
