import { Command, Option } from 'commander';
import { z } from 'zod';
import { Approval } from '../api/answers.js';
import type { Api } from '../api/client.js';
import { apiCommand, type ApiOptions, openApi } from '../api/open.js';
import { some } from '../api/some.js';
import { Failure } from '../failure.js';
import { count } from '../options.js';
import { type Colors, colorsOf, type Io, write } from '../terminal/io.js';
import { printable, printableLines } from '../terminal/printable.js';

const OneApproval = z.object({ approval: Approval });

interface ListOptions extends ApiOptions {
  readonly all?: true;
  readonly limit: number;
  readonly json?: true;
}
interface VoteOptions extends ApiOptions {
  readonly reason?: string;
  readonly json?: true;
}

export function approvalsCommand(io: Io): Command {
  const approvals = new Command('approvals').description('Statements that wait for a human, and votes on them.');
  approvals.addCommand(listCommand(io), { isDefault: true });
  for (const vote of votes) approvals.addCommand(voteCommand(io, vote));
  return approvals;
}

function listCommand(io: Io): Command {
  return apiCommand('list')
    .description('List what waits for votes: who asks, until when, and what exactly would run.')
    .option('--all', 'those too that do not wait any more')
    .option('--limit <n>', 'how many at most', count, 50)
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExamples:\n  $ sallyport approvals\n  $ sallyport approvals list --all --json | jq -r .outcome')
    .action(async ({ all, limit, json, ...options }: ListOptions) => {
      const api = await openApi(io, options, 'approver');
      const query = { outcome: all ? 'all' : 'waiting', limit: Math.min(200, limit) };
      const found = await some(io, api.list(Approval, 'approvals', query), limit);
      const colors = colorsOf(io);
      if (found.length === 0 && !json) await write(io, 'Nothing waits for a vote.\n');
      for (const each of found) await write(io, json ? `${JSON.stringify(each)}\n` : `${shown(each, colors).join('\n')}\n\n`);
    });
}

const votes = [
  { name: 'approve', route: 'grant', does: 'Vote for a statement: it may run once, and nothing but it.' },
  { name: 'deny', route: 'deny', does: 'Vote against a statement: one such vote is enough.' },
  { name: 'withdraw', route: 'withdraw', does: 'Take back your own vote.' },
] as const;

function voteCommand(io: Io, { name, route, does }: (typeof votes)[number]): Command {
  return apiCommand(name)
    .description(does)
    .argument('<approval>', 'its id, or a prefix that no other waiting one shares')
    .addOption(new Option('--reason <text>', 'goes on record with the vote'))
    .option('--json', 'one JSON object: the approval after the vote')
    .addHelpText('after', `\nExamples:\n  $ sallyport approvals ${name} 01936f01 --reason 'ticket 4711'`)
    .action(async (prefix: string, { reason, json, ...options }: VoteOptions) => {
      const api = await openApi(io, options, 'approver');
      const { id, binding } = await approvalNamed(api, prefix);
      const { approval } = await api.post(OneApproval, `approvals/${id}/${route}`, { binding, reason });
      await write(io, json ? `${JSON.stringify(approval)}\n` : `${shown(approval, colorsOf(io)).join('\n')}\n`);
    });
}

/** The vote is bound to what is read here: should anything else be held by then, it is refused. */
async function approvalNamed(api: Api, prefix: string): Promise<Approval> {
  const plain = (id: string): string => id.replaceAll('-', '').toLowerCase();
  const found: Approval[] = [];
  for await (const each of api.list(Approval, 'approvals', { outcome: 'all', limit: 200 }))
    if (plain(each.id).startsWith(plain(prefix))) found.push(each);
  const waiting = found.filter(({ outcome }) => outcome === 'waiting' || outcome === 'granted');
  const [one] = waiting.length > 0 ? waiting : found;
  if (one && (waiting.length === 1 || found.length === 1)) return one;
  const todo = 'See `sallyport approvals list --all`.';
  if (!one) throw new Failure('notFound', { what: `There is no approval ${prefix}`, why: 'no id begins so', todo });
  throw new Failure('usage', { what: `${prefix} is not one approval`, why: `${found.length} begin so`, todo });
}

function shown(approval: Approval, colors: Colors): string[] {
  const { id, outcome, principal, session, n, rule, approvers, quorum, until, mode, sql, parameters, votes } = approval;
  const text = sql === null ? '(not shown)' : typeof sql === 'string' ? sql : `(no UTF-8, base64) ${sql.b64}`;
  const line = (label: string, value: string): string => `  ${colors.dim(label.padEnd(10))} ${printable(value)}`;
  const waits = mode === 'wait' ? 'the client waits' : 'the client was told to retry';
  return [
    `${colors.bold(id)}  ${outcome === 'waiting' ? colors.yellow(outcome) : outcome}`,
    line('who', `${principal?.subject ?? 'not known'} in session ${session}, statement ${n}`),
    line('rule', rule ?? 'not known'),
    line('votes by', `${quorum} of ${approvers.join(', ')}, until ${new Date(until).toISOString()}; ${waits}`),
    ...votes.map(({ kind, by, reason }) => line(kind, `${by.subject}${reason === null ? '' : `: ${reason}`}`)),
    ...printableLines(text).map((sqlLine, i) => `  ${colors.dim((i === 0 ? 'sql' : '').padEnd(10))} ${sqlLine}`),
    ...(parameters ?? []).map((value, i) =>
      line(`$${i + 1}`, value === null ? 'NULL' : typeof value === 'string' ? value : `\\x${value.hex}`),
    ),
  ];
}
