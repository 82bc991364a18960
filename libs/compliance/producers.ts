import type { Event } from '#events';
import type { Period } from './access-report.js';
import { type Gap, gapsOfProducer } from './gaps.js';
import { Ranges } from './ranges.js';

interface Life {
  readonly seen: Ranges;
  startedAt: number;
  lastAt: number;
  stopped: boolean;
  next: { readonly startedAt: number; readonly foundPseq: number } | undefined;
}

/** Which events of which producer are there. */
export class Producers {
  private readonly lives = new Map<string, Life>();

  /** @returns whether the event was not here before */
  take(event: Event): boolean {
    const life = this.life(event.producer, event.at);
    if (!life.seen.add(event.pseq)) return false;
    life.startedAt = Math.min(life.startedAt, event.at);
    life.lastAt = Math.max(life.lastAt, event.at);
    if (event.type === 'producer.stopped') life.stopped = true;
    if (event.type === 'producer.started' && event.data.previous) {
      const { producer, pseq } = event.data.previous;
      this.life(producer, event.at).next = { startedAt: event.at, foundPseq: pseq };
    }
    return true;
  }

  gaps(period: Period): Gap[] {
    return [...this.lives].flatMap(([producer, { seen, startedAt, lastAt, stopped, next }]) =>
      gapsOfProducer({ producer, startedAt, lastAt, events: seen.size, lastPseq: seen.last, stopped, next }, period),
    );
  }

  private life(producer: string, at: number): Life {
    const life = this.lives.get(producer) ?? { seen: new Ranges(), startedAt: at, lastAt: at, stopped: false, next: undefined };
    this.lives.set(producer, life);
    return life;
  }
}
