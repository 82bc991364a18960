import type { z } from 'zod';
import { type By, type EventOf, schemaOf } from '#events';
import type { Draft, Journal } from '#event-log';
import type { Logger } from '#runtime';
import type { Caller } from './caller.js';

const minuteMs = 60_000;
/** Refused logins beyond these in a minute are counted in the service's log only: nobody fills the event log by guessing. */
const failuresPerMinute = 100;

/** What is looked at: a kind of thing, and which one. */
export interface Viewed {
  readonly resource: string;
  readonly session?: string | undefined;
  readonly route: string;
}

/** Writes down who looked at what. Looking at the record is on record before anything is shown. */
export class AccessJournal {
  private minute = 0;
  private readonly seen = new Set<string>();
  private failures = 0;

  constructor(
    private readonly journal: Journal,
    private readonly now: () => number,
    private readonly log: Logger,
  ) {}

  /** Once a login, resource and minute. @throws LogFailed, and then nothing is to be shown */
  async viewed({ by, login }: Caller, { resource, session, route }: Viewed): Promise<void> {
    this.turn();
    const key = JSON.stringify([login, resource, route]);
    if (this.seen.has(key)) return;
    this.seen.add(key);
    try {
      await this.write([{ type: 'access.viewed', data: { by, resource, route, ...(session !== undefined && { session }) } }]);
    } catch (error) {
      this.seen.delete(key);
      throw error;
    }
  }

  /** @param spent SHA-256, in hex, of the one-time code or assertion that it took */
  loggedIn(by: By, method: string, { address, spent }: { address?: string | undefined; spent?: string | undefined } = {}) {
    const facts = { ...(address !== undefined && { address }), ...(spent !== undefined && { code: spent }) };
    return this.write([{ type: 'login.succeeded', data: { by, method, ...facts } }]);
  }

  /** @param reason a stable code, which holds nothing of the secret */
  async refused(method: string, reason: string, address?: string): Promise<void> {
    this.turn();
    if (++this.failures <= failuresPerMinute)
      await this.write([{ type: 'login.failed', data: { method, reason, ...(address !== undefined && { address }) } }]);
    else this.log.warn({ method, reason, address, failures: this.failures }, 'more refused logins than are recorded');
  }

  ended(by: By, reason: EventOf<'login.ended'>['data']['reason']): Promise<void> {
    return this.write([{ type: 'login.ended', data: { by, reason } }]);
  }

  throttled(data: EventOf<'login.throttled'>['data']): Promise<void> {
    return this.write([{ type: 'login.throttled', data }]);
  }

  /** Resolves when these are on disk. @throws LogFailed when they are not */
  write(drafts: readonly Draft[]): Promise<void> {
    // What they hold comes from outside, and an event that no reader takes would stop those that must miss none.
    for (const { type, data } of drafts) (schemaOf(type).shape.data as z.ZodType).parse(data);
    return new Promise((resolve, reject) => {
      this.journal.add(drafts, 'disk', (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  private turn(): void {
    const minute = Math.floor(this.now() / minuteMs);
    if (minute === this.minute) return;
    this.minute = minute;
    this.failures = 0;
    this.seen.clear();
  }
}
