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
  $ sallyport sessions --json | jq -r 'select(.denied > 0) | .id'`,
    )
    .action(async ({ json, limit, principal, database, verdict, since, until, live, ...options }: ListOptions) => {
      const api = await openApi(io, options, 'responder');
      const query = { principal, database, verdict, since, until, live, limit: Math.min(200, limit) };
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
      printable(session.principal === null ? session.user : `${session.principal.subject} (${session.principal.kind ?? '?'})`),
      printable(session.target === null ? '-' : `${session.target}/${session.database}`),
      ...[session.statements, session.denied, session.held, session.rows].map(String),
      printable(endOf(session)),
    ]),
  );

function endOf({ live, status, reason, sqlstate, tail }: Session): string {
  if (live) return 'open';
  const end = status === 'refused' ? `refused (${sqlstate ?? reason ?? '?'})` : (reason ?? status);
  return tail === 'unknown' ? `${end}, tail unknown` : end;
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
      await write(io, `${listed([session])}\n\n`);
      for await (const step of api.list(StepAnswer, `sessions/${id}/replay`)) await write(io, `${stepLine(step, colors)}\n`);
    });
}
