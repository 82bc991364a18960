import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Unit } from './supervisor.js';

/** Started stage by stage, those of a stage together. */
const startStages = [
  ['clickhouse', 'proxy'],
  ['projector', 'detector', 'exporter', 'reconciler', 'api'],
] as const;
type ServiceName = (typeof startStages)[number][number];

/**
 * Stopped in this order: no new session, then the readers of what was written, then what they write to. The sum of the longest
 * waits is below the five seconds that a Ctrl-C may take.
 */
export const stopStages = [
  ['proxy'],
  ['projector', 'detector', 'exporter', 'reconciler', 'api'],
  ['clickhouse', 'identity-provider', 'postgres'],
] as const;

const stopMs: Record<(typeof stopStages)[number][number], number> = {
  proxy: 2_400,
  projector: 600,
  detector: 600,
  exporter: 600,
  reconciler: 600,
  api: 600,
  clickhouse: 1_800,
  'identity-provider': 700,
  postgres: 1_800,
};

/** Where each service's program is: `dist/services/<name>/main.js`. A test may have others. */
export type Programs = (service: ServiceName) => string;
export const builtPrograms: Programs = (service) => fileURLToPath(new URL(`../${service}/main.js`, import.meta.url));

/** Sallyport's own services over one configuration file. */
export function serviceStages(
  programs: Programs,
  config: string,
  without: readonly ServiceName[] = [],
): readonly (readonly Unit[])[] {
  return startStages.map((stage) =>
    stage
      .filter((name) => !without.includes(name) && existsSync(programs(name)))
      .map((name) => ({
        name,
        main: programs(name),
        config,
        startMs: 20_000,
        stopMs: stopMs[name],
        ...(name === 'clickhouse' && engineThreads),
      })),
  );
}

/** Every query of the embedded engine holds a thread of the pool, which is made before the first line of a program runs. */
const engineThreads = { env: { UV_THREADPOOL_SIZE: '16' } };

/** What the demo has beside them, in this folder. */
export const embeddedUnit = (name: 'postgres' | 'identity-provider', config: string): Unit => ({
  name,
  main: fileURLToPath(new URL(`${name}/main.js`, import.meta.url)),
  config,
  startMs: 20_000,
  stopMs: stopMs[name],
});
