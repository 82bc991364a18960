import { z } from 'zod';
import { type ClickHouse, ClickHouseRejected, ClickHouseUnavailable, projectedThrough } from '#clickhouse';
import type { Logger } from '#runtime';
import type { Positions } from './log/positions.js';
import { RequestFailed } from './problem/problem.js';

export const Source = z.enum(['clickhouse', 'log']);
export type Source = z.infer<typeof Source>;

export const ProjectedThrough = z
  .array(
    z.object({
      topic: z.string(),
      partition: z.string(),
      /** The last event of the partition that the answer is sure to know of; null where it knows of none yet. */
      producer: z.string().nullable(),
      pseq: z.int().nullable(),
      /** 0 when the log holds no later event. Otherwise: milliseconds since that event. */
      ageMs: z.int().nullable(),
    }),
  )
  .meta({ id: 'ProjectedThrough' });
export type ProjectedThrough = z.infer<typeof ProjectedThrough>;

/** What every answer carries beside itself: where it was read, and how much of the log it knows. */
export const provenance = { source: Source, projected_through: ProjectedThrough };

export interface Answered<T> {
  readonly value: T;
  readonly source: Source;
  readonly projected_through: ProjectedThrough;
}

/** While ClickHouse is away it is asked again after so long, not at each request. */
const retryMs = 2_000;
const rememberedMs = 500;

/** ClickHouse where it answers, the log where it does not. */
export class Projection {
  private awayUntil = 0;
  private latest: { readonly at: number; readonly answer: Promise<ProjectedThrough> } | undefined;

  constructor(
    private readonly clickhouse: ClickHouse | undefined,
    private readonly positions: Positions,
    private readonly now: () => number,
    private readonly log: Logger,
  ) {}

  /**
   * Asks ClickHouse; where it does not answer, or has nothing yet, the log.
   * @param otherwise absent: only ClickHouse can answer
   * @throws RequestFailed `projection-unavailable`
   */
  async answer<T>(ask: (clickhouse: ClickHouse) => Promise<T>, otherwise?: () => T | Promise<T>): Promise<Answered<T>> {
    const { clickhouse } = this;
    let away: unknown;
    if (clickhouse && this.now() >= this.awayUntil) {
      try {
        // How far it was at the latest: read before the answer, so that nothing is claimed that is not in it.
        const projected_through = await this.through('clickhouse');
        const value = await ask(clickhouse);
        if (value !== undefined || !otherwise) return { value, source: 'clickhouse', projected_through };
      } catch (error) {
        if (!(error instanceof ClickHouseUnavailable || error instanceof ClickHouseRejected)) throw error;
        away = error;
        this.awayUntil = this.now() + retryMs;
        this.latest = undefined;
        this.log.warn({ err: error, retryMs }, 'ClickHouse does not answer, the log is read instead');
      }
    }
    if (!otherwise) throw new RequestFailed('projection-unavailable', undefined, undefined, { cause: away });
    const projected_through = await this.through('log');
    return { value: await otherwise(), source: 'log', projected_through };
  }

  async answers(): Promise<boolean> {
    return (await this.clickhouse?.ping()) ?? false;
  }

  through(source: Source): Promise<ProjectedThrough> {
    const { clickhouse } = this;
    if (source === 'log' || !clickhouse) return Promise.resolve(this.readThrough());
    const at = this.now();
    if (!this.latest || at - this.latest.at >= rememberedMs) this.latest = { at, answer: this.projectedIn(clickhouse) };
    return this.latest.answer;
  }

  private readThrough(): ProjectedThrough {
    return this.positions.list().flatMap(({ topic, partition, event }) => {
      if (!event) return [];
      const { producer, pseq } = event;
      return [{ topic, partition, producer, pseq, ageMs: 0 }];
    });
  }

  private async projectedIn(clickhouse: ClickHouse): Promise<ProjectedThrough> {
    const projected = await projectedThrough(clickhouse);
    const known = new Set(projected.map(({ topic, part }) => `${topic}/${part}`));
    const unknown = this.positions.list().filter(({ topic, partition }) => !known.has(`${topic}/${partition}`));
    return [
      ...projected.map(({ topic, part, off, producer, pseq, at }) => {
        const isBehind = this.positions.next(topic, part) > off + 1;
        return { topic, partition: part, producer, pseq, ageMs: isBehind ? Math.max(0, this.now() - at) : 0 };
      }),
      ...unknown.map(({ topic, partition }) => ({ topic, partition, producer: null, pseq: null, ageMs: null })),
    ];
  }
}
