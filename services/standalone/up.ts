import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { compile } from '#policy';
import { ConfigInvalid, type ExitCode, loadConfig } from '#runtime';
import { openHome } from './files.js';
import { takeLock } from './lock.js';
import type { Progress } from './progress.js';
import { type Programs, serviceStages, stopStages } from './services.js';
import { Supervisor, type Unit } from './supervisor.js';
import { openTopics } from './topics.js';
import { untilStopped } from './until-stopped.js';

export interface UpOptions {
  /** `sallyport.yml`. Logs go to the `.sallyport` that is beside it, or that it is in. */
  readonly config: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly programs: Programs;
  readonly progress: Progress;
}

/** Runs every service against the servers of a configuration file. ClickHouse is embedded unless the file names a server. */
export async function runUp({ config, env, programs, progress }: UpOptions): Promise<ExitCode> {
  // Every problem of the files at once, before anything starts.
  const { clickhouse, kafka, policy, targets } = loadConfig(config, 'standalone', env);
  checkPolicy(policy);
  const folder = dirname(resolve(config));
  // The file of a demo lies in its `.sallyport`: both take the same lock.
  const home = openHome(basename(folder) === '.sallyport' ? folder : join(folder, '.sallyport'));
  const release = takeLock(home.lock);
  const supervisor = new Supervisor(home.logs);
  const startOne = async (unit: Unit): Promise<void> => {
    const { listening } = await supervisor.start(unit);
    const ports = Object.entries(listening).map(([what, port]) => `${what} on ${port}`);
    progress.say(`  ${[unit.name, ports.join(', ')].filter(Boolean).join(': ')}`);
  };
  const work = async (): Promise<void> => {
    if (kafka)
      await openTopics(kafka, (line) => {
        progress.say(line);
      });
    const without = [
      ...(clickhouse.embedded ? [] : (['clickhouse'] as const)),
      ...(targets.some(({ logs }) => logs) ? [] : (['reconciler'] as const)),
    ];
    for (const stage of serviceStages(programs, resolve(config), without)) await Promise.all(stage.map(startOne));
    progress.say('Sallyport is running. Ctrl-C stops it.');
  };
  try {
    return await untilStopped({ work, failure: supervisor.failure, stop: () => supervisor.stop(stopStages) }, (line) => {
      progress.say(line);
    });
  } finally {
    release();
  }
}

/** @throws ConfigInvalid with every problem of the policy file */
function checkPolicy(file: string): void {
  const compiled = compile(readFileSync(file), file);
  if (!('problems' in compiled)) return;
  throw new ConfigInvalid(
    file,
    compiled.problems.map(({ line, column, path, message }) => ({ line, column, key: path, reason: message })),
  );
}
