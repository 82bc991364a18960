import { type Topic, topics } from '#events';
import { RequestFailed } from '../problem/problem.js';

const short: readonly (readonly [string, Topic])[] = [
  ['e', topics.events],
  ['c', topics.control],
];

/** How far a tail has come: the next offset of each partition. As text it is the id of a server-sent event. */
export class TailPlace {
  private readonly next = new Map<string, number>();

  /** @throws RequestFailed `bad-request` for what is no id of this stream */
  static parse(id: string): TailPlace {
    const place = new TailPlace();
    for (const piece of id.split(',')) {
      const [, letter, partition, offset] = /^([ec])\/([0-9a-zA-Z-]{1,64})\/(\d{1,15})$/.exec(piece) ?? [];
      const topic = short.find(([name]) => name === letter)?.[1];
      if (topic === undefined || partition === undefined)
        throw new RequestFailed('bad-request', undefined, [{ path: 'Last-Event-ID', message: 'is no id of this stream' }]);
      place.set(topic, partition, Number(offset));
    }
    return place;
  }

  /** 0 for a partition that it does not name: it came up since. */
  of(topic: string, partition: string): number {
    return this.next.get(`${topic}/${partition}`) ?? 0;
  }

  set(topic: Topic, partition: string, next: number): void {
    this.next.set(`${topic}/${partition}`, next);
  }

  toString(): string {
    return [...this.next]
      .map(([key, next]) => {
        const at = key.indexOf('/');
        const name = short.find(([, topic]) => topic === key.slice(0, at))?.[0] ?? '';
        return `${name}/${key.slice(at + 1)}/${next}`;
      })
      .sort()
      .join(',');
  }
}
