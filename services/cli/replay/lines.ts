import type { Text } from '#events';
import { type Cell, currentRole, effective } from '#replay';
import type { ShownResult, ShownState, StepAnswer } from '../api/answers.js';
import type { Colors } from '../terminal/io.js';
import { printable, printableLines } from '../terminal/printable.js';
import { table } from '../terminal/table.js';

/** A step in one line: when, which, what it was about and how it went. */
export function stepLine(step: StepAnswer, colors: Colors): string {
  const { seq, at, type, sql, state } = step;
  const about = type === 'statement.decided' || type === 'statement.prepared' ? oneLine(sql) : '';
  const what = [colors.bold(type), outcomeOf(step, colors), about].filter((part) => part !== '').join('  ');
  return `${colors.dim(`#${seq}`)} ${colors.dim(new Date(at).toISOString().slice(11, 23))} ${state.transaction.status ?? '?'}  ${what}`;
}

function outcomeOf(step: StepAnswer, colors: Colors): string {
  switch (step.type) {
    case 'statement.decided':
      return `${verdictOf(step.data.verdict, colors)} ${printable(step.data.rule)}`;
    case 'statement.completed':
      return printable([step.data.outcome, step.data.tag, step.data.sqlstate].filter(Boolean).join(' '));
    case 'session.closed':
      return step.data.reason;
    default:
      return '';
  }
}

/** A step in full: the event, its decision, its statement, the rows handed over and the state after it. */
export function stepLines(step: StepAnswer, colors: Colors): string[] {
  const { state, sql, decision, results } = step;
  return [
    stepLine(step, colors),
    ...(decision ? decisionLines(decision, colors) : []),
    ...(sql === null ? [] : labelled('sql', printableLines(textOf(sql)), colors)),
    ...(step.redacted ? labelled('content', [colors.yellow('not shown: it needs the role responder')], colors) : []),
    ...results.flatMap((result) => resultLines(result, colors)),
    ...stateLines(state, colors),
    `${colors.dim('hash      ')} ${step.hash}`,
  ];
}

type Decision = NonNullable<StepAnswer['decision']>;

function decisionLines({ n, verdict: given, rule, reason, policy, durability }: Decision, colors: Colors): string[] {
  const why = reason === undefined ? '' : `: ${printable(reason)}`;
  const text = `${verdictOf(given, colors)} by ${printable(rule)}${why} ${colors.dim(`statement ${n}, policy ${policy.slice(0, 12)}, ${durability}`)}`;
  return labelled('decision', [text], colors);
}

export function verdictOf(given: Decision['verdict'], colors: Colors): string {
  switch (given) {
    case 'allow':
      return colors.green('allow');
    case 'deny':
      return colors.red('deny');
    case 'hold':
      return colors.yellow('hold');
  }
}

/** The state, as far as it says anything: a line for each kind of thing that there is. */
function stateLines(state: ShownState, colors: Colors): string[] {
  const { scope, transaction, prepared, portals, copy, hold, handed, lastError, unknown, pending } = state;
  const savepoints = transaction.levels.flatMap(({ savepoint }) => savepoint ?? []);
  const line = (label: string, text: string): string[] => (text === '' ? [] : labelled(label, [printable(text)], colors));
  const settings = scope.settings.map(
    (setting) => `${setting.name}=${effective(setting) ?? ''}${setting.local === null ? '' : ' (local)'}`,
  );
  return [
    ...line(
      'state',
      `${state.phase}, transaction ${transaction.status ?? '?'}${savepoints.map((name) => ` › ${name}`).join('')}`,
    ),
    ...line('role', `${currentRole(scope) ?? '-'}, search_path ${(effective(scope.searchPath) ?? []).join(', ')}`),
    ...line('settings', settings.join(', ')),
    ...line('temp', scope.tempTables.map(({ name }) => name).join(', ')),
    ...line('prepared', prepared.map(({ name }) => (name === '' ? '(unnamed)' : name)).join(', ')),
    ...line('portals', portals.map(({ name, rows }) => `${name === '' ? '(unnamed)' : name} (${rows} rows)`).join(', ')),
    ...line('copy', copy ? `${copy.direction}, ${copy.messages} messages, ${copy.bytes} bytes` : ''),
    ...line(
      'held',
      hold ? `statement ${hold.n} waits for approval ${hold.approval} until ${new Date(hold.until).toISOString()}` : '',
    ),
    ...line('in flight', pending.map(({ kind }) => kind).join(', ')),
    ...line(
      'handed',
      handed.rows === 0 && handed.bytes === 0 ? '' : `${handed.rows} rows (${handed.kept} kept), ${handed.bytes} bytes`,
    ),
    ...line('error', lastError ? `${lastError.sqlstate} ${textOf(lastError.message)}` : ''),
    ...line('unknown', unknown.join(', ')),
  ];
}

/** The rows of a result; a masked column is marked at its head and at each of its cells. */
export function resultLines({ n, columns, masking, rows, absent }: ShownResult, colors: Colors): string[] {
  const head = columns.map(({ name, mask }) =>
    mask === null ? printable(name) : colors.magenta(`${printable(name)} [${printable(mask)}]`),
  );
  const cells = rows.map((row) => row.map((cell, i) => cellText(cell, columns[i]?.mask ?? null, colors)));
  const drawn = rows.length === 0 ? [] : table(head, cells).split('\n');
  const gone = absent.map(({ count, why }) => colors.yellow(`${count} rows not kept: ${why}`));
  const doubt =
    masking === 'unknown' && rows.length > 0
      ? [colors.dim('which columns were masked is not known: no end of the statement is recorded')]
      : [];
  const title = `${n === null ? '' : `statement ${n}: `}${rows.length + absent.reduce((sum, { count }) => sum + count, 0)} rows handed over`;
  return [...labelled('rows', [title], colors), ...[...drawn, ...gone, ...doubt].map((line) => `  ${line}`)];
}

function cellText(cell: Cell, mask: string | null, colors: Colors): string {
  const text = cell === null ? colors.dim('NULL') : typeof cell === 'string' ? printable(cell) : `\\x${cell.hex}`;
  return mask === null ? text : colors.magenta(`▒ ${text}`);
}

const labelled = (label: string, [first = '', ...rest]: readonly string[], colors: Colors): string[] => [
  `${colors.dim(label.padEnd(10))} ${first}`,
  ...rest.map((line) => `${' '.repeat(11)}${line}`),
];

const textOf = (text: Text): string => (typeof text === 'string' ? text : `(no UTF-8, base64) ${text.b64}`);

function oneLine(sql: Text | null): string {
  const text = sql === null ? '' : printable(textOf(sql).replace(/\s+/g, ' ').trim());
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
