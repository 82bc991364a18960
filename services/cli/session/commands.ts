import { Command } from 'commander';
import { type Step, steps } from '#replay';
import { colorsOf, type Io, write } from '../terminal/io.js';
import { printable } from '../terminal/printable.js';
import { table } from '../terminal/table.js';
import { stepLine } from '../replay/lines.js';
import { resolveId } from './id.js';
import type { SessionSource } from './source.js';
import type { SessionSummary } from './summary.js';

export type OpenSessions = (data: string | undefined) => Promise<SessionSource>;

interface Options {
  readonly data?: string;
  readonly json?: true;
}

export function sessionsCommand(io: Io, open: OpenSessions): Command {
  return new Command('sessions')
    .description('List the sessions, in the order in which they opened.')
    .option('--data <dir>', "the data directory whose log is read (default: the running demo's)")
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      '\nExamples:\n  $ sallyport sessions\n  $ sallyport sessions --json | jq -r "select(.denied > 0) | .id"',
    )
    .action(async ({ data, json }: Options) => {
      const source = await open(data);
      try {
        const sessions = await source.sessions();
        if (json) for (const session of sessions) await write(io, `${JSON.stringify(session)}\n`);
        else await write(io, `${sessions.length === 0 ? 'There are no sessions yet.' : listed(sessions)}\n`);
      } finally {
        await source.close();
      }
    });
}

const listed = (sessions: readonly SessionSummary[]): string =>
  table(
    ['SESSION', 'OPENED', 'WHO', 'DATABASE', 'STATEMENTS', 'DENIED', 'HELD', 'ROWS', 'ENDED'],
    sessions.map(({ id, opened, principal, kind, target, database, statements, denied, held, rows, ended }) => [
      id,
      new Date(opened).toISOString(),
      principal === null ? '-' : printable(`${principal} (${kind ?? '?'})`),
      target === null ? '-' : printable(`${target}/${database ?? ''}`),
      ...[statements, denied, held, rows].map(String),
      ended ?? 'open',
    ]),
  );

export function showCommand(io: Io, open: OpenSessions): Command {
  return new Command('show')
    .description('Show one session: who, where, and one line for each of its events.')
    .argument('<session>', 'its id, or a prefix that no other session shares')
    .option('--data <dir>', "the data directory whose log is read (default: the running demo's)")
    .option('--json', 'one JSON object: its summary and its events')
    .addHelpText('after', '\nExamples:\n  $ sallyport show 01936f00\n  $ sallyport show 01936f00 --json | jq .summary')
    .action(async (prefix: string, { data, json }: Options) => {
      const source = await open(data);
      try {
        const sessions = await source.sessions();
        const id = resolveId(
          sessions.map((session) => session.id),
          prefix,
        );
        const summary = sessions.find((session) => session.id === id);
        const events = await source.events(id);
        if (json) await write(io, `${JSON.stringify({ summary, events: events.map(({ event }) => event) })}\n`);
        else await show(io, summary, [...steps(events)]);
      } finally {
        await source.close();
      }
    });
}

async function show(io: Io, summary: SessionSummary | undefined, all: readonly Step[]): Promise<void> {
  const colors = colorsOf(io);
  if (summary) await write(io, `${listed([summary])}\n\n`);
  for (const each of all) await write(io, `${stepLine(each, colors)}\n`);
}
