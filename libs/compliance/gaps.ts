import type { Period } from './access-report.js';

/** What may be missing from a report, DESIGN 9: said rather than left to be found. */
export type GapKind =
  /** Its proxy died: what happened in its last moments is not on record. */
  | 'session-tail-unknown'
  /** It is open still, or its end is not on record. */
  | 'session-without-end'
  | 'session-events-missing'
  /** Bytes passed while the log was broken. */
  | 'session-bytes-lost'
  /** Statements were allowed, and what became of them is not on record. */
  | 'statements-unfinished'
  /** A process ended without saying so. */
  | 'producer-not-stopped'
  | 'producer-events-missing'
  /** Records of the log that this version cannot read. */
  | 'records-unreadable'
  /** A part of the log that the report does not know yet. */
  | 'not-projected';

export interface Gap {
  readonly kind: GapKind;
  /** Of the session, the producer or the partition. */
  readonly id: string;
  readonly subject: string | null;
  /** Between these instants, Unix milliseconds, where it can be told. */
  readonly from: number | null;
  readonly to: number | null;
  /** How many events, bytes, statements or records, where it can be told. */
  readonly count: number | null;
}

/** What a session's record amounts to. */
export interface SessionAccount {
  readonly session: string;
  readonly subject: string | null;
  readonly openedAt: number;
  readonly lastAt: number;
  readonly endedAt: number | null;
  readonly tailUnknown: boolean;
  readonly missingEvents: number;
  readonly lostBytes: number;
  /** Statements of the period that were allowed and have no known end. */
  readonly unfinished: number;
}

/** None for a session that the period does not touch. */
export function gapsOfSession(account: SessionAccount, { since, until }: Period): Gap[] {
  const {
    session: id,
    subject,
    openedAt: from,
    lastAt: to,
    endedAt,
    tailUnknown,
    missingEvents,
    lostBytes,
    unfinished,
  } = account;
  if (from >= until || to < since) return [];
  const place = { id, subject, from, to };
  const gaps: Gap[] = [];
  if (tailUnknown) gaps.push({ kind: 'session-tail-unknown', ...place, count: null });
  if (endedAt === null) gaps.push({ kind: 'session-without-end', ...place, to: null, count: null });
  if (missingEvents > 0) gaps.push({ kind: 'session-events-missing', ...place, count: missingEvents });
  if (lostBytes > 0) gaps.push({ kind: 'session-bytes-lost', ...place, count: lostBytes });
  if (unfinished > 0) gaps.push({ kind: 'statements-unfinished', ...place, count: unfinished });
  return gaps;
}

/** What the record of one life of a producer amounts to. */
export interface ProducerAccount {
  readonly producer: string;
  readonly startedAt: number;
  readonly lastAt: number;
  /** How many of its events are on record, and the highest `pseq` of them. */
  readonly events: number;
  readonly lastPseq: number;
  readonly stopped: boolean;
  /** The life after this one: when it began, and the last `pseq` that it found of this one. */
  readonly next: { readonly startedAt: number; readonly foundPseq: number } | undefined;
}

/** None for a producer that the period does not touch, or that runs still. */
export function gapsOfProducer(account: ProducerAccount, { since, until }: Period): Gap[] {
  const { producer: id, startedAt, lastAt, events, lastPseq, stopped, next } = account;
  if (startedAt >= until || (next?.startedAt ?? lastAt) < since) return [];
  const gaps: Gap[] = [];
  if (!stopped && next)
    gaps.push({ kind: 'producer-not-stopped', id, subject: null, from: lastAt, to: next.startedAt, count: null });
  const missing = Math.max(lastPseq, next?.foundPseq ?? 0) + 1 - events;
  if (missing > 0) gaps.push({ kind: 'producer-events-missing', id, subject: null, from: startedAt, to: lastAt, count: missing });
  return gaps;
}

/** By kind, then by id. */
export const gapsInOrder = (gaps: readonly Gap[]): Gap[] =>
  [...gaps].sort((a, b) => (`${a.kind} ${a.id}` < `${b.kind} ${b.id}` ? -1 : 1));
