import type { StoredRecord } from '#event-log';
import { type Event, type Topic, topics } from '#events';

/** How far a partition of a topic was read: the last event of it that could be. */
export interface Reached {
  readonly topic: Topic;
  readonly partition: string;
  readonly offset: number;
  readonly event: { readonly producer: string; readonly pseq: number; readonly at: number } | null;
}

/** How far the log was read. */
export class Positions {
  private readonly reached = new Map<string, Reached>();

  take({ topic, partition, offset }: StoredRecord, event: Event | undefined): void {
    const key = `${topic}/${partition}`;
    const read = event ? { producer: event.producer, pseq: event.pseq, at: event.at } : (this.reached.get(key)?.event ?? null);
    this.reached.set(key, { topic, partition, offset, event: read });
  }

  /** The offset that comes next; 0 for a partition that nothing was read of. */
  next(topic: string, partition: string): number {
    return (this.reached.get(`${topic}/${partition}`)?.offset ?? -1) + 1;
  }

  /** `next` as it is at this moment, whatever is read later. */
  snapshot(): Pick<Positions, 'next'> {
    const then = new Map(this.reached);
    return { next: (topic, partition) => (then.get(`${topic}/${partition}`)?.offset ?? -1) + 1 };
  }

  /** Of the topics of events, in the order of topics and partitions. */
  list(): readonly Reached[] {
    return [...this.reached.values()]
      .filter(({ topic }) => topic !== topics.parts)
      .sort((a, b) => (`${a.topic}/${a.partition}` < `${b.topic}/${b.partition}` ? -1 : 1));
  }
}
