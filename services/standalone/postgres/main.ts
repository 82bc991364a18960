import { readFileSync } from 'node:fs';
import { serve } from '#runtime';
import { startCluster } from './cluster.js';
import type { PostgresPlace } from './place.js';

/** What the keeper is told: the place of the cluster, and the port. */
export interface KeeperSettings {
  readonly place: PostgresPlace;
  readonly port: number;
}

// A process of its own beside the server: it ends the server when standalone is gone, however that went.
await serve({
  name: 'postgres',
  start: async ({ config, fail }) => {
    const { place, port } = JSON.parse(readFileSync(config, 'utf8')) as KeeperSettings;
    const cluster = await startCluster(place, port);
    let stopping = false;
    void cluster.ended.then((how) => {
      if (!stopping) fail(new Error(`Postgres ended: ${how}`));
    });
    const shutDown = (): Promise<void> => {
      stopping = true;
      return cluster.stop();
    };
    return {
      listening: { postgres: port },
      pids: { postgres: cluster.pid },
      stop: [{ name: 'shut Postgres down', deadlineMs: 1_700, run: shutDown }],
    };
  },
});
