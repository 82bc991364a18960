import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The folder `.sallyport`: all that an embedded Sallyport keeps. Secrets are outside of the data. */
export interface Home {
  readonly root: string;
  readonly secrets: string;
  readonly logs: string;
  readonly data: string;
  readonly config: string;
  readonly policy: string;
  readonly demo: string;
  /** What the keeper of the embedded Postgres is told: its place and port. */
  readonly postgres: string;
  readonly lock: string;
}

/** For its owner alone. */
export function openHome(folder: string): Home {
  const root = resolve(folder);
  const home: Home = {
    root,
    secrets: join(root, 'secrets'),
    logs: join(root, 'logs'),
    data: join(root, 'data'),
    config: join(root, 'sallyport.yml'),
    policy: join(root, 'policy.yml'),
    demo: join(root, 'demo.json'),
    postgres: join(root, 'postgres.json'),
    lock: join(root, 'standalone.pid'),
  };
  for (const folder of [home.root, home.secrets, home.data]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  return home;
}
