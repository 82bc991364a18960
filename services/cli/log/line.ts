import type { JsonEvent } from './inline.js';
import { printable } from '../terminal/printable.js';
import type { Colors } from '../terminal/io.js';

/** One line for people: when, which session and step, what, then what the event says and the content of its parts. */
export function lineOf(event: JsonEvent, colors: Colors): string {
  const { at, session, seq, type } = event;
  const when = typeof at === 'number' ? new Date(at).toISOString() : '-';
  const data = Object.entries((event['data'] ?? {}) as JsonEvent).map(
    ([key, value]) => `${colors.dim(`${key}=`)}${shown(value)}`,
  );
  const parts = ((event['parts'] ?? []) as JsonEvent[]).map((part) => partOf(part, colors));
  const wire = ((event['wire'] ?? []) as JsonEvent[]).map((range) => wireOf(range, colors));
  const head = [colors.dim(when), String(session), colors.dim(`#${String(seq)}`), colors.bold(String(type))];
  return [...head, ...data, ...parts, ...wire].join(' ');
}

/** Plain words stand as they are, everything else as JSON; nothing of it reaches the terminal as a control. */
const shown = (value: unknown): string =>
  printable(typeof value === 'string' && /^[\w.:/@+-]+$/.test(value) ? brief(value) : JSON.stringify(value, briefly));

/** Hashes are for comparing at a glance here; --json has them whole. */
const brief = (text: string): string => (/^[0-9a-f]{64}$/.test(text) ? `${text.slice(0, 12)}…` : text);
const briefly = (_: string, value: unknown): unknown => (typeof value === 'string' ? brief(value) : value);

function partOf(part: JsonEvent, colors: Colors): string {
  const name = String(part['name']);
  for (const form of ['sql', 'text', 'base64']) {
    if (form in part) return `${colors.cyan(`${form === 'sql' ? '' : `${name}.`}${form}=`)}${quoted(part[form])}`;
  }
  const why = 'withheld' in part ? `withheld:${String(part['withheld'])}` : 'erased';
  return `${colors.cyan(`${name}=`)}${colors.yellow(`<${String(part['len'])} bytes, ${why}>`)}`;
}

const quoted = (value: unknown): string => printable(JSON.stringify(value));

function wireOf({ dir, from, to, msgs, lost }: JsonEvent, colors: Colors): string {
  const gone = lost === undefined ? '' : ' lost';
  return colors.dim(`${String(dir)}[${String(from)},${String(to)})${gone} ${String(msgs)}`);
}
