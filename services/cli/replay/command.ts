import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { z } from 'zod';
import { StepAnswer } from '../api/answers.js';
import type { Api } from '../api/client.js';
import { apiCommand, type ApiOptions, openApi } from '../api/open.js';
import { sessionNamed } from '../session/find.js';
import { NativeLog } from '../session/native.js';
import { colorsOf, type Io, write } from '../terminal/io.js';
import { play } from './interactive.js';
import { stepLines } from './lines.js';

interface Options extends ApiOptions {
  readonly json?: true;
  readonly to?: number;
  readonly seq?: number;
}

export function replayCommand(io: Io): Command {
  return apiCommand('replay')
    .description(
      "Step through a session: its state, decisions, statements, the rows that the client was handed, and what Postgres' own log says.",
    )
    .argument('<session>', 'its id, or a prefix that no other session shares')
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
    .action(async (prefix: string, { json, to, seq, ...options }: Options) => {
      const api = await openApi(io, options, 'responder');
      const id = await sessionNamed(api, prefix);
      const isInteractive = io.stdin.isTTY && io.stdout.isTTY && !json && to === undefined && seq === undefined;
      if (isInteractive) {
        const all: StepAnswer[] = [];
        for await (const step of stepsOf(api, id)) all.push(step);
        await play(io, all, await NativeLog.of(api, id));
        return;
      }
      const colors = colorsOf(io);
      const native = json ? undefined : await NativeLog.of(api, id);
      for await (const step of seq === undefined ? stepsOf(api, id, to) : oneStep(api, id, seq))
        await write(
          io,
          native
            ? `${[...stepLines(step, colors), ...native.after(step.seq, colors)].join('\n')}\n\n`
            : `${JSON.stringify(step)}\n`,
        );
    });
}

const OneStep = z.object({ step: StepAnswer });

async function* oneStep(api: Api, id: string, seq: number): AsyncGenerator<StepAnswer> {
  yield (await api.get(OneStep, `sessions/${id}/steps/${seq}`)).step;
}

async function* stepsOf(api: Api, id: string, to = Infinity): AsyncGenerator<StepAnswer> {
  for await (const step of api.list(StepAnswer, `sessions/${id}/replay`)) {
    if (step.seq > to) return;
    yield step;
  }
}

function seqOf(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is not a step: a whole number from 0 up.');
  return Number(text);
}
