import { z } from 'zod';
import type { Place } from './place.js';
import { sections } from './sections.js';
import { loggedTargets } from './targets.js';

/** What each process reads of the one file. A section that is not named here is not looked at: a service sees no other's secrets. */
export const parts = (place: Place) => {
  const all = sections(place);
  const log = { dataDir: true, log: true, kafka: true } as const;
  return {
    proxy: all
      .pick({ ...log, listen: true, targets: true, issuers: true, tokens: true, policy: true, limits: true })
      .refine(someoneCanLogIn, nobody),
    projector: all.pick({ ...log, clickhouse: true }),
    detector: all.pick(log),
    exporter: all.pick(log),
    reconciler: all.pick(log).extend({ targets: loggedTargets(place) }),
    clickhouse: all.pick({ dataDir: true, clickhouse: true }),
    api: all.pick({ ...log, issuers: true, tokens: true, clickhouse: true, api: true }).refine(someoneCanLogIn, nobody),
    cli: all.pick({ ...log, tokens: true, api: true }),
    /** It starts the others, so it checks the whole. */
    standalone: all.refine(someoneCanLogIn, nobody),
  };
};

export type Part = keyof ReturnType<typeof parts>;
export type Config<P extends Part> = z.output<ReturnType<typeof parts>[P]>;

export const sectionNames = (): string[] => Object.keys(sections(nowhere).shape);

/** The whole file as a JSON Schema with its descriptions: the configuration reference is made from it. */
export const configJsonSchema = (): object => z.toJSONSchema(sections(nowhere), { io: 'input' });

const nowhere: Place = { folder: '/', env: {} };
const nobody = { path: ['issuers'], message: 'neither issuers nor tokens are given, so nobody could log in' };

function someoneCanLogIn(config: { readonly issuers: readonly unknown[]; readonly tokens?: unknown }): boolean {
  return config.issuers.length > 0 || config.tokens !== undefined;
}
