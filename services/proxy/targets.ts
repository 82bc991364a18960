import type { Config } from '#runtime';
import { SessionRefused } from './refused.js';

export type Target = Config<'proxy'>['targets'][number];
export type Login = Target['logins'][number];

export interface Destination {
  readonly target: Target;
  readonly database: string;
}

/**
 * The target and database that a client names: `app` where only one target serves it, `target/app` always.
 * @throws SessionRefused
 */
export function destinationOf(targets: readonly Target[], name: string): Destination {
  const slash = name.indexOf('/');
  if (slash >= 0) {
    const target = targets.find((candidate) => candidate.name === name.slice(0, slash));
    const database = name.slice(slash + 1);
    if (target?.databases.includes(database)) return { target, database };
  } else {
    const serving = targets.filter(({ databases }) => databases.includes(name));
    const [target] = serving;
    if (target && serving.length === 1) return { target, database: name };
    if (serving.length > 1)
      throw new SessionRefused(
        'startup',
        '3D000',
        `database "${name}" is served by ${serving.map((found) => found.name).join(' and ')}`,
        {
          hint: `Say which: ${target?.name ?? ''}/${name}`,
        },
      );
  }
  throw new SessionRefused('startup', '3D000', `database "${name}" does not exist`);
}
