import type { StoredRecord } from '#event-log';
import { type Event, type EventOf } from '#events';
import type { Who } from '#policy';
import type { LogFold } from '../log/follower.js';

/** A principal as it was the last time that it came. */
export interface SeenPrincipal extends Who {
  /** Unix milliseconds. */
  readonly at: number;
}

/** How many are kept in mind, those that came last. */
const most = 10_000;

/** Who has had a session, folded from the log. */
export class SeenPrincipals implements LogFold {
  private readonly seen = new Map<string, SeenPrincipal>();

  take(_: StoredRecord, event: Event | undefined): void {
    if (event?.type !== 'session.authenticated') return;
    const { principal, actors = [] } = event.data;
    const key = keyOf(principal.issuer, principal.subject);
    this.seen.delete(key);
    this.seen.set(key, { principal, actors, claims: claimsOf(event.data), at: event.at });
    if (this.seen.size > most)
      for (const oldest of [...this.seen.keys()].slice(0, this.seen.size - most)) this.seen.delete(oldest);
  }

  /** @param name `issuer#subject`, or the subject alone where only one issuer has it */
  find(name: string): readonly SeenPrincipal[] {
    const exact = this.seen.get(name);
    if (exact) return [exact];
    return [...this.seen.values()].filter(({ principal }) => principal.subject === name);
  }
}

const keyOf = (issuer: string, subject: string): string => `${issuer}#${subject}`;

/** As they were recorded, canonical JSON of an object. */
const claimsOf = ({ claims }: EventOf<'session.authenticated'>['data']): Who['claims'] =>
  claims === undefined ? {} : (JSON.parse(claims) as Who['claims']);
