import { type Event, MalformedEvent, parseEvent, topics, UnknownEvent } from '#events';
import type { Consumption, Journal, LogReader, Predecessor } from '#event-log';
import { type Alert, endsSession, evolve, initialState, type Rule, type WatchState } from '#detection';
import type { Logger } from '#runtime';

/** What the detector's own outbox tells of its earlier lives. */
export interface Past {
  readonly previous: Predecessor | undefined;
  /** Ids of the alerts that were raised. */
  readonly raised: ReadonlySet<string>;
}

/** @param log the id of the detector's own outbox: a partition of `reader` */
export async function readPast(reader: LogReader, log: string): Promise<Past> {
  let previous: Predecessor | undefined;
  const raised = new Set<string>();
  await reader.consume({
    name: 'detector: what is raised',
    topics: [topics.events],
    from: () => 0,
    until: 'end',
    signal: new AbortController().signal,
    each: (batch) => {
      for (const { partition, value } of batch) {
        if (partition !== log) continue;
        const event = parseEvent(value);
        previous = { producer: event.producer, pseq: event.pseq };
        if (event.type === 'alert.raised') raised.add(event.data.alert);
      }
      return Promise.resolve();
    },
  });
  return { previous, raised };
}

export interface DetectorOptions {
  readonly reader: LogReader;
  readonly journal: Journal;
  readonly rules: readonly Rule[];
  /** Alerts of earlier lives. */
  readonly raised: ReadonlySet<string>;
  readonly log: Logger;
}

/**
 * Runs the rules over the event log and raises what they find, each alert once. It always reads from the log's beginning: the fold gives
 * the same alerts again, and those that an earlier life raised are passed over.
 */
export class Detector {
  private readonly sessions = new Map<string, WatchState>();
  private readonly raised: Set<string>;

  constructor(private readonly options: DetectorOptions) {
    this.raised = new Set(options.raised);
  }

  /** Goes on until the signal aborts, or to the end of the log. @throws what the log throws: an alert that could not be written too */
  async run({ until, signal }: Pick<Consumption, 'until' | 'signal'>): Promise<void> {
    await this.options.reader.consume({
      name: 'detector',
      topics: [topics.events, topics.control],
      from: () => 0,
      until,
      signal,
      each: async (batch) => {
        const alerts = batch.flatMap(({ value, partition, offset }) => this.fold(value, { partition, offset }));
        await this.raise(alerts);
      },
    });
  }

  private fold(value: Buffer, place: { readonly partition: string; readonly offset: number }): readonly Alert[] {
    const event = this.read(value, place);
    if (!event) return [];
    const { session } = event;
    const { rules } = this.options;
    const { state, alerts } = evolve(rules, this.sessions.get(session) ?? initialState(rules, session), event);
    if (endsSession(event)) this.sessions.delete(session);
    else this.sessions.set(session, state);
    return alerts;
  }

  /** An event that cannot be read is seen by no rule; the log says where it is. */
  private read(value: Buffer, place: { readonly partition: string; readonly offset: number }): Event | undefined {
    try {
      return parseEvent(value);
    } catch (error) {
      if (!(error instanceof UnknownEvent || error instanceof MalformedEvent)) throw error;
      this.options.log.error({ err: error, ...place }, 'an event cannot be read and is seen by no rule');
      return undefined;
    }
  }

  private async raise(alerts: readonly Alert[]): Promise<void> {
    const fresh = alerts.filter(({ alert }) => !this.raised.has(alert));
    if (fresh.length === 0) return;
    for (const { alert } of fresh) this.raised.add(alert);
    const { journal, log } = this.options;
    await new Promise<void>((resolve, reject) => {
      journal.add(
        fresh.map((data) => ({ type: 'alert.raised', data })),
        'disk',
        (error) => {
          if (error) reject(error);
          else resolve();
        },
      );
    });
    for (const { alert, rule, severity, session } of fresh) log.info({ alert, rule, severity, session }, 'alert raised');
  }
}
