import { type Command, Option } from 'commander';
import { Statement } from '../api/answers.js';
import { apiCommand, type ApiOptions, openApi } from '../api/open.js';
import { some } from '../api/some.js';
import { count } from '../options.js';
import { verdictOf } from '../replay/lines.js';
import { type Colors, colorsOf, type Io, write } from '../terminal/io.js';
import { printable } from '../terminal/printable.js';

interface Options extends ApiOptions {
  readonly json?: true;
  readonly limit: number;
  readonly session?: string;
  readonly principal?: string;
  readonly database?: string;
  readonly verb?: string;
  readonly relation?: string;
  readonly verdict?: string;
  readonly run?: string;
  readonly conversation?: string;
  readonly toolCall?: string;
  readonly trace?: string;
  readonly actor?: string;
  readonly since?: string;
  readonly until?: string;
}

export function searchCommand(io: Io): Command {
  return apiCommand('search')
    .description('Search statements by their text and by what they do, newest first.')
    .argument('[text]', 'part of the SQL, whatever its case')
    .option('--session <id>', 'only those of this session')
    .option('--principal <subject>', 'only those of this principal')
    .option('--database <name>', 'only those on this database')
    .option('--verb <verb>', 'only this command: SELECT, "CREATE TABLE", …')
    .option('--relation <name>', 'only those that read or write this relation, schema.name')
    .addOption(new Option('--verdict <verdict>', 'only those decided so').choices(['allow', 'deny', 'hold']))
    .option('--run <id>', 'only those of this run of an agent')
    .option('--conversation <id>', 'only those of this conversation')
    .option('--tool-call <id>', 'only those of this tool call')
    .option('--trace <id>', 'only those of this trace: 32 hex digits')
    .option('--actor <subject>', "only those by who acts in the principal's name")
    .option('--since <time>', 'decided at or after: 2026-01-31, or 2026-01-31T08:00:00Z')
    .option('--until <time>', 'decided before')
    .option('--limit <n>', 'how many at most', count, 50)
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      `
Examples:
  $ sallyport search 'delete from'
  $ sallyport search --relation public.customers --verdict deny
  $ sallyport search --run nightly-42 --actor billing-agent
  $ sallyport search ssn --json | jq -r '[.session, .n, .sql] | @tsv'`,
    )
    .action(async (text: string | undefined, { json, limit, api: where, token, ...filter }: Options) => {
      const api = await openApi(
        io,
        { ...(where !== undefined && { api: where }), ...(token !== undefined && { token }) },
        'responder',
      );
      const query = { text, ...filter, limit: Math.min(200, limit) };
      const statements = await some(io, api.list(Statement, 'statements', query), limit);
      const colors = colorsOf(io);
      if (statements.length === 0 && !json) await write(io, 'There are no such statements.\n');
      for (const statement of statements)
        await write(io, json ? `${JSON.stringify(statement)}\n` : `${lineOf(statement, colors)}\n`);
    });
}

function lineOf({ at, session, seq, subject, verb, verdict, rule, outcome, tag, rows, sql }: Statement, colors: Colors): string {
  const decided = verdict === null ? '?' : verdictOf(verdict, colors);
  const became =
    outcome === null ? colors.yellow('no end on record') : `${outcome} ${tag === null ? `${rows} rows` : printable(tag)}`;
  const text = sql === null ? verb : printable(sql.replace(/\s+/g, ' ').trim());
  return [
    colors.dim(new Date(at).toISOString()),
    `${session} ${colors.dim(`#${seq}`)}`,
    printable(subject ?? '-'),
    `${decided} ${printable(rule ?? '')}`.trim(),
    became,
    text,
  ].join('  ');
}
