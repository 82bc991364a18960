import { z } from 'zod';
import { type ClickHouse, ClickHouseRejected, ClickHouseUnavailable, projectedThrough } from '#clickhouse';
import type { Logger } from '#runtime';
import type { Positions } from './log/positions.js';
import { isThere, whileThere } from './presence.js';
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

/** While ClickHouse is away it is looked for so often, and not at each request. */
const lookAgainMs = 2_000;
const rememberedMs = 500;

/** ClickHouse where it answers, the log where it does not. */
export class Projection {
  /** When it was last found away, or looked for since; undefined while it answers. */
  private awaySince: number | undefined;
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
    const found = await this.attempt(async (clickhouse): Promise<Answered<T>> => {
      // How far it was at the latest: read before the answer, so that nothing is claimed that is not in it.
      const projected_through = await this.projectedThrough(clickhouse);
      return { value: await ask(clickhouse), source: 'clickhouse', projected_through };
    });
    if (found instanceof Away || (found.value === undefined && otherwise)) {
      if (!otherwise) throw new RequestFailed('projection-unavailable', undefined, undefined, { cause: found });
      const projected_through = this.readThrough();
      return { value: await otherwise(), source: 'log', projected_through };
    }
    return found;
  }

  async answers(): Promise<boolean> {
    return this.clickhouse !== undefined && (await isThere(this.clickhouse));
  }

  /** How far what was read of a source before is known to hold now; undefined while ClickHouse is away. */
  async through(source: Source): Promise<ProjectedThrough | undefined> {
    if (source === 'log') return this.readThrough();
    const through = await this.attempt((clickhouse) => this.projectedThrough(clickhouse));
    return through instanceof Away ? undefined : through;
  }

  readThrough(): ProjectedThrough {
    return this.positions.list().flatMap(({ topic, partition, event }) => {
      if (!event) return [];
      const { producer, pseq } = event;
      return [{ topic, partition, producer, pseq, ageMs: 0 }];
    });
  }

  private async attempt<T>(ask: (clickhouse: ClickHouse) => Promise<T>): Promise<T | Away> {
    const { clickhouse } = this;
    if (!clickhouse || !(await this.isBack(clickhouse))) return new Away();
    try {
      return await whileThere(clickhouse, ask(clickhouse));
    } catch (error) {
      if (!(error instanceof ClickHouseUnavailable || error instanceof ClickHouseRejected)) throw error;
      // An answer that is an error is about this question: the next one is asked all the same.
      if (error instanceof ClickHouseUnavailable) this.awaySince = this.now();
      this.latest = undefined;
      this.log.warn({ err: error }, 'ClickHouse does not answer, the log is read instead');
      return new Away('ClickHouse gave no answer', { cause: error });
    }
  }

  /** One request at a time looks whether it is back; the others do without it. */
  private async isBack(clickhouse: ClickHouse): Promise<boolean> {
    const since = this.awaySince;
    if (since === undefined) return true;
    if (this.now() - since < lookAgainMs) return false;
    this.awaySince = this.now();
    if (!(await isThere(clickhouse))) return false;
    this.awaySince = undefined;
    return true;
  }

  private projectedThrough(clickhouse: ClickHouse): Promise<ProjectedThrough> {
    const at = this.now();
    if (!this.latest || at - this.latest.at >= rememberedMs) this.latest = { at, answer: this.projectedIn(clickhouse) };
    return this.latest.answer;
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

/** ClickHouse was not asked, or gave no answer: the cause says which. */
class Away extends Error {}
