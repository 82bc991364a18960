import { type Command, Option } from 'commander';
import { z } from 'zod';
import { Session, StepAnswer } from '../api/answers.js';
import { apiCommand, type ApiOptions, openApi } from '../api/open.js';
import { some } from '../api/some.js';
import { count } from '../options.js';
import { stepLine } from '../replay/lines.js';
import { colorsOf, type Io, write } from '../terminal/io.js';
import { printable } from '../terminal/printable.js';
import { table } from '../terminal/table.js';
import { sessionNamed } from './find.js';

interface ListOptions extends ApiOptions {
  readonly json?: true;
  readonly limit: number;
  readonly principal?: string;
  readonly database?: string;
  readonly verdict?: string;
  readonly run?: string;
  readonly conversation?: string;
  readonly toolCall?: string;
  readonly trace?: string;
  readonly actor?: string;
  readonly since?: string;
  readonly until?: string;
  readonly live?: true;
}

export function sessionsCommand(io: Io): Command {
  return apiCommand('sessions')
    .description('List sessions, newest first.')
    .option('--principal <subject>', 'only those of this principal')
    .option('--database <name>', 'only those on this database')
    .addOption(new Option('--verdict <verdict>', 'only those with such a decision').choices(['allow', 'deny', 'hold']))
    .option('--run <id>', 'only those of this run of an agent')
    .option('--conversation <id>', 'only those of this conversation')
    .option('--tool-call <id>', 'only those of this tool call')
    .option('--trace <id>', 'only those of this trace: 32 hex digits')
    .option('--actor <subject>', "only those by who acts in the principal's name")
    .option('--since <time>', 'opened at or after: 2026-01-31, or 2026-01-31T08:00:00Z')
    .option('--until <time>', 'opened before')
    .option('--live', 'only those that have not ended')
    .option('--limit <n>', 'how many at most', count, 50)
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      `
Examples:
  $ sallyport sessions
  $ sallyport sessions --principal billing-bot --since 2026-01-31
  $ sallyport sessions --run nightly-42
  $ sallyport sessions --json | jq -r 'select(.denied > 0) | .id'`,
    )
    .action(async ({ json, limit, api: where, token, ...filter }: ListOptions) => {
      const asker = { ...(where !== undefined && { api: where }), ...(token !== undefined && { token }) };
      const api = await openApi(io, asker, 'responder');
      const query = { ...filter, limit: Math.min(200, limit) };
      const sessions = await some(io, api.list(Session, 'sessions', query), limit);
      if (json) for (const session of sessions) await write(io, `${JSON.stringify(session)}\n`);
      else await write(io, `${sessions.length === 0 ? 'There are no such sessions.' : listed(sessions)}\n`);
    });
}

const listed = (sessions: readonly Session[]): string =>
  table(
    ['SESSION', 'OPENED', 'WHO', 'DATABASE', 'STATEMENTS', 'DENIED', 'HELD', 'ROWS', 'ENDED'],
    sessions.map((session) => [
      session.id,
      new Date(session.openedAt).toISOString(),
      printable(whoIs(session)),
      printable(session.target === null ? '-' : `${session.target}/${session.database}`),
      ...[session.statements, session.denied, session.held, session.rows].map(String),
      printable(endOf(session)),
    ]),
  );

/** `anna (agent) by billing-agent`: whose work it is, and who does it. */
function whoIs({ principal, actors: [actor], user }: Session): string {
  if (principal === null) return user;
  return `${principal.subject} (${principal.kind ?? '?'})${actor ? ` by ${actor.subject}` : ''}`;
}

function endOf({ live, status, reason, sqlstate, tail }: Session): string {
  if (live) return 'open';
  const end = status === 'refused' ? `refused (${sqlstate ?? reason ?? '?'})` : (reason ?? status);
  return tail === 'unknown' ? `${end}, tail unknown` : end;
}

/** What is said of its run, one line; empty where nothing is. */
function runLine({ run }: Session): string {
  const names = { run: 'run', conversation: 'conversation', toolCall: 'tool call', traceparent: 'traceparent' } as const;
  const said = Object.entries(names).flatMap(([key, name]) => {
    const told = run[key as keyof typeof names];
    return told ? [`${name} ${told.value} (${told.verified ? 'verified' : 'claimed'})`] : [];
  });
  return said.length === 0 ? '' : `${printable(said.join(', '))}\n`;
}

const OneSession = z.object({ session: Session });

export function showCommand(io: Io): Command {
  return apiCommand('show')
    .description('Show one session: who, where, and one line for each of its events.')
    .argument('<session>', 'its id, or a prefix that no other session shares')
    .option('--json', 'one JSON object: the session and its steps, each in one line')
    .addHelpText('after', '\nExamples:\n  $ sallyport show 01936f00\n  $ sallyport show 01936f00 --json | jq .session')
    .action(async (prefix: string, { json, ...options }: ApiOptions & { readonly json?: true }) => {
      const api = await openApi(io, options, 'responder');
      const id = await sessionNamed(api, prefix);
      const { session } = await api.get(OneSession, `sessions/${id}`);
      if (json) {
        const steps: unknown[] = [];
        for await (const step of api.list(z.unknown(), `sessions/${id}/steps`, { limit: 200 })) steps.push(step);
        await write(io, `${JSON.stringify({ session, steps })}\n`);
        return;
      }
      const colors = colorsOf(io);
      await write(io, `${listed([session])}\n${runLine(session)}\n`);
      for await (const step of api.list(StepAnswer, `sessions/${id}/replay`)) await write(io, `${stepLine(step, colors)}\n`);
    });
}
