import type { LogReader } from '#event-log';
import { type Event, parseEvent, topics } from '#events';
import type { Recorded } from '#replay';
import { readLog } from '../log/read.js';
import { SessionSource } from './source.js';
import { type SessionSummary, summarize } from './summary.js';

/** Sessions read from the event log itself: complete up to this moment, and slow in proportion to the log. */
export class LogSessions extends SessionSource {
  constructor(private readonly log: LogReader) {
    super();
  }

  async sessions(): Promise<readonly SessionSummary[]> {
    const found = new Map<string, SessionSummary>();
    await readLog(this.log, { topics: [topics.events], since: 0 }, ({ record }) => {
      const event = parseEvent(record.value);
      if (isOfSession(event)) found.set(event.session, summarize(found.get(event.session), event));
      return Promise.resolve();
    });
    return [...found.values()].sort((a, b) => a.opened - b.opened || (a.id < b.id ? -1 : 1));
  }

  async events(session: string): Promise<readonly Recorded[]> {
    const recorded: Recorded[] = [];
    const wants = (key: string): boolean => key === session;
    await readLog(this.log, { topics: [topics.events], since: 0, wants }, ({ record, parts }) => {
      const event = parseEvent(record.value);
      if (isOfSession(event)) recorded.push({ event, parts });
      return Promise.resolve();
    });
    return recorded.sort((a, b) => a.event.seq - b.event.seq);
  }

  close(): Promise<void> {
    return this.log.close();
  }
}

/** Events outside of a session are keyed by their producer. */
const isOfSession = ({ session, producer }: Event): boolean => session !== producer;
