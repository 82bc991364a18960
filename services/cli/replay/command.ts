import { Command, InvalidArgumentError, Option } from 'commander';
import { type Step, steps } from '#replay';
import { Failure } from '../failure.js';
import type { OpenSessions } from '../session/commands.js';
import { resolveId } from '../session/id.js';
import { colorsOf, type Io, write } from '../terminal/io.js';
import { play } from './interactive.js';
import { jsonStep } from './json.js';
import { stepLines } from './lines.js';

interface Options {
  readonly data?: string;
  readonly json?: true;
  readonly to?: number;
  readonly seq?: number;
}

export function replayCommand(io: Io, open: OpenSessions): Command {
  return new Command('replay')
    .description('Step through a session: its state, decisions, statements, and the rows that the client was handed.')
    .argument('<session>', 'its id, or a prefix that no other session shares')
    .option('--data <dir>', "the data directory whose log is read (default: the running demo's)")
    .option('--json', 'print the steps, one JSON object a line')
    .option('--to <n>', 'print the steps up to this one', seqOf)
    .addOption(new Option('--seq <n>', 'print this step').argParser(seqOf).conflicts('to'))
    .addHelpText(
      'after',
      `
In a terminal it is interactive: → and ← step, g goes to a step, / searches, h helps, q quits. Elsewhere it prints every step.

Examples:
  $ sallyport replay 01936f00
  $ sallyport replay 01936f00 --seq 12
  $ sallyport replay 01936f00 --json | jq -r '[.seq, .hash] | @tsv'`,
    )
    .action(async (prefix: string, options: Options) => {
      await replay(io, await stepsOf(open, options.data, prefix), options);
    });
}

async function stepsOf(open: OpenSessions, data: string | undefined, prefix: string): Promise<Step[]> {
  const source = await open(data);
  try {
    const sessions = await source.sessions();
    const id = resolveId(
      sessions.map((session) => session.id),
      prefix,
    );
    return [...steps(await source.events(id))];
  } finally {
    await source.close();
  }
}

async function replay(io: Io, all: readonly Step[], { json, to, seq }: Options): Promise<void> {
  const chosen = all.filter((step) => (seq === undefined || step.seq === seq) && (to === undefined || step.seq <= to));
  if (chosen.length === 0) {
    const why = `the session has the steps 0 to ${all.at(-1)?.seq ?? 0}`;
    throw new Failure('notFound', { what: `There is no step ${seq ?? to ?? 0}`, why, todo: 'Give one of these.' });
  }
  const colors = colorsOf(io);
  const isInteractive = io.stdin.isTTY && io.stdout.isTTY && !json && to === undefined && seq === undefined;
  if (isInteractive) await play(io, all, 0);
  else for (const step of chosen) await write(io, json ? `${jsonStep(step)}\n` : `${stepLines(step, colors).join('\n')}\n\n`);
}

function seqOf(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is not a step: a whole number from 0 up.');
  return Number(text);
}
