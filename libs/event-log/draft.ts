import type { EventOf, EventType, PartName, WireRange, Withheld } from '#events';

/** Bytes that belong to an event. */
export interface DraftPart {
  readonly name: PartName;
  /** Borrowed until the event is settled. */
  readonly bytes: readonly Buffer[];
  /** Why the bytes are committed to, but not kept. */
  readonly withheld?: Withheld;
}

interface DraftOf<T extends EventType> {
  readonly type: T;
  /** The session that it belongs to; absent: the producer's own. */
  readonly session?: string;
  readonly data: EventOf<T>['data'];
  readonly parts?: readonly DraftPart[];
  readonly wire?: readonly WireRange[];
}

/** An event before it has its numbers. */
export type Draft = { [T in EventType]: DraftOf<T> }[EventType];
