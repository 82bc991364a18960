import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { Ended } from '../failure.js';
import { configFile } from '../place.js';
import type { Io } from '../terminal/io.js';

/** Standalone starts the services; it is a process of its own, as they are. */
const standalone = fileURLToPath(new URL('../../standalone/main.js', import.meta.url));

export function upCommand(io: Io): Command {
  return new Command('up')
    .description('Start every service for the Postgres servers of a configuration file, and run until Ctrl-C.')
    .option('--config <file>', 'the configuration file (default: sallyport.yml here or in a folder above)')
    .addHelpText(
      'after',
      `
What the services log goes to .sallyport/logs beside the file. Exit codes: 0 stopped as asked, 1 something failed, 2 the configuration
or the policy has problems, which are all listed.

Examples:
  $ sallyport up --config sallyport.yml
  $ sallyport init && sallyport up`,
    )
    .action(async ({ config }: { config?: string }) => {
      const code = await up(await configFile(io, config));
      if (code !== 0) throw new Ended(code);
    });
}

/** Resolves with the exit code. Stops when we are told to, and when we are gone: the channel tells. */
async function up(config: string): Promise<number> {
  const child = spawn(process.execPath, [standalone, 'up', '--config', config], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  // A terminal's Ctrl-C reaches both of us; standalone stops in order, and we wait for it.
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  const wait = (): void => undefined;
  process.on('SIGTERM', pass).on('SIGHUP', pass).on('SIGINT', wait);
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    process.off('SIGTERM', pass).off('SIGHUP', pass).off('SIGINT', wait);
  }
}
