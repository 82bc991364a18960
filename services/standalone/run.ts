import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { ConfigInvalid, version } from '#runtime';
import { runDemo } from './demo.js';
import { Progress } from './progress.js';
import type { Programs } from './services.js';
import { runUp } from './up.js';

const clone = fileURLToPath(new URL('../../../.sallyport', import.meta.url));

/** Does what the command line says, and exits. */
export async function run(programs: Programs): Promise<never> {
  const progress = new Progress(process.stdout);

  const program = new Command('standalone').description('Starts all of Sallyport on embedded parts.').version(version);

  program
    .command('demo')
    .description('a Postgres with a shop, an identity provider, every service, and the played session of an agent')
    .option('--reset', 'starts afresh: forgets the data of earlier runs')
    .option('--no-agent', 'leaves the played session out')
    .option('--home <folder>', 'where it keeps its files', clone)
    .action(async (options: { reset?: true; agent: boolean; home: string }) => {
      process.exitCode = await runDemo({
        folder: options.home,
        data: options.reset ? 'afresh' : 'kept',
        story: options.agent ? 'played' : 'left out',
        brokers: (process.env.KAFKA_BROKERS ?? '').split(/[\s,]+/).filter((broker) => broker !== ''),
        programs,
        progress,
      });
    });

  program
    .command('up')
    .description('every service, for the Postgres servers of a configuration file')
    .requiredOption('--config <file>', 'the configuration file')
    .action(async ({ config }: { config: string }) => {
      process.exitCode = await runUp({ config, env: process.env, programs, progress });
    });

  try {
    await program.parseAsync();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof ConfigInvalid ? 2 : 1;
  }
  // What is still under way belongs to a start that was cut short.
  process.exit();
}
