import pc from 'picocolors';
import type { Event, Text } from '#events';
import type { Result, Step } from '#replay';

/** A step of the agent's session as a line or two of the story; nothing for the steps that a reader can do without. */
export function linesOf(step: Step): string[] {
  const { event, decision } = step;
  switch (event.type) {
    case 'session.authenticated': {
      const { principal, login, target, database } = event.data;
      return [`${pc.bold(principal.subject)} (${principal.kind}) is let in to ${target}/${database} as ${login}`];
    }
    case 'statement.held': {
      const { approvers, until } = event.data;
      const why = `held by rule ${decision?.rule ?? '?'} for ${approvers.join(', ')} until ${clock(until)}`;
      return [`  ${pc.yellow('…')} ${sqlOf(step)}`, detail(decision?.reason === undefined ? why : `${why}: ${decision.reason}`)];
    }
    case 'statement.completed':
      return completed(step, event.data.outcome);
    case 'session.closed': {
      const { client, server, reason } = event.data;
      return [`  session ${event.session} ended (${reason}): ${client} bytes from the client and ${server} to it are on record`];
    }
    default:
      return [];
  }
}

/** What others put on record about the session: votes, and alerts. */
export function lineOfOthers(event: Event): string | undefined {
  switch (event.type) {
    case 'approval.granted':
    case 'approval.denied': {
      const { by, reason } = event.data;
      const vote = event.type === 'approval.granted' ? pc.green('granted') : pc.red('denied');
      return `  ${pc.yellow('…')} ${vote} by ${by.subject}${reason === undefined ? '' : `: ${reason}`}`;
    }
    case 'alert.raised': {
      const { rule, severity, title, principal } = event.data;
      return `  ${pc.red('!')} alert ${rule} (${severity}): ${title}${principal ? ` by ${principal.subject}` : ''}`;
    }
    case 'bypass.found': {
      const { user, database, client, application, time } = event.data;
      const who = `${user === undefined ? 'somebody' : plain(user)} connected to ${database === undefined ? '?' : plain(database)} directly`;
      const from = `from ${client?.host ?? '?'} at ${clock(time)}${application === undefined ? '' : `, application ${plain(application)}`}`;
      return `  ${pc.red('!')} bypass: ${who} ${from}, not through Sallyport`;
    }
    default:
      return undefined;
  }
}

function completed(step: Step, outcome: Extract<Event, { type: 'statement.completed' }>['data']['outcome']): string[] {
  const { event, decision, state, results } = step;
  if (event.type !== 'statement.completed') return [];
  if (outcome === 'ok') {
    const shown = results.filter(({ n }) => n === event.data.n);
    const masked = maskedOf(shown, decision?.masked ?? []);
    const mark = masked.length === 0 ? [] : [pc.magenta(`masked: ${masked.join(', ')}`)];
    return [`  ${pc.green('✓')} ${sqlOf(step)}`, detail([event.data.tag ?? '', ...shown.flatMap(rowOf), ...mark].join('  '))];
  }
  const why =
    outcome === 'refused'
      ? `refused by rule ${decision?.rule ?? '?'}${decision?.reason === undefined ? '' : `: ${decision.reason}`}`
      : `${outcome}${state.lastError ? `: ${plain(state.lastError.message)}` : ''}`;
  return [`  ${pc.red('✗')} ${sqlOf(step)}`, detail(`${event.data.sqlstate ?? ''} ${why}`.trim())];
}

/** Those of the masked columns that came back under their own name: the statement is rewritten for all that its tables have. */
function maskedOf(results: readonly Result[], masked: readonly string[]): readonly string[] {
  const names = new Set(results.flatMap(({ columns }) => columns.map(({ name }) => name)));
  return masked.filter((column) => names.has(column.split('.').at(-1) ?? ''));
}

/** The first row that the client was handed. */
function rowOf({ columns, rows: [row] }: Result): string[] {
  if (!row) return [];
  return columns.map(({ name }, i) => {
    const cell = row[i] ?? null;
    return `${name} ${cell === null ? 'NULL' : typeof cell === 'string' ? plain(cell) : `\\x${cell.hex}`}`;
  });
}

const longest = 110;

function sqlOf({ sql }: Step): string {
  const text = sql === null ? '(its text was not kept)' : plain(sql);
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

/** On one line, and nothing in it that a terminal would obey. */
const plain = (text: Text): string =>
  (typeof text === 'string' ? text : text.b64).replace(/\s+/g, ' ').replace(/\p{C}/gu, '?').trim();

const detail = (text: string): string => `      ${pc.dim(text)}`;

const clock = (at: number): string => new Date(at).toISOString().slice(11, 19);
