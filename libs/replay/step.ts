import type { Event, EventOf, Text } from '#events';
import type { HandedRows } from './answer.js';
import { type Advance, advance } from './evolve.js';
import { parseFrame, queryText, rowValues } from './frames.js';
import { initialState, type SessionState, stateHash } from './state.js';
import { textOf } from './fields.js';
import type { Absent, Message, Recorded } from './stream.js';

type Decision = EventOf<'statement.decided'>['data'];
type Completion = EventOf<'statement.completed'>['data'];

/** One event of a session and the moment after it. */
export interface Step {
  readonly seq: number;
  readonly event: Event;
  readonly state: SessionState;
  /** Of `state`, in hex. */
  readonly hash: string;
  /** The decision that the event is, or that its statement runs under. */
  readonly decision: Decision | null;
  /** The text of the statement that the event is about, where it was kept. */
  readonly sql: Text | null;
  readonly messages: readonly Message[];
  /** The rows that the client was handed at this step, by statement. */
  readonly results: readonly Result[];
}

export interface Result {
  readonly n: number | null;
  readonly columns: readonly ResultColumn[];
  /** Whether `mask` is known: the statement.completed that tells it may not be there, or not yet. */
  readonly masking: 'known' | 'unknown';
  readonly rows: readonly (readonly Cell[])[];
  /** Rows handed over whose content is not there. */
  readonly absent: readonly { readonly count: number; readonly why: Absent['why'] }[];
}

export interface ResultColumn {
  readonly name: string;
  /** The OID of its type; 0 where nothing told it. */
  readonly type: number;
  readonly mask: string | null;
}

/** NULL, text as it was sent, or the bytes of a value in binary format (or of no known format) in hex. */
export type Cell = null | string | { readonly hex: string };

/** The step at one `seq` of a session, or undefined where it has none. The session's events are given in the order of `seq`. */
export function step(session: readonly Recorded[], seq: number): Step | undefined {
  const walk = new Walk(session);
  for (const recorded of session) {
    const advanced = walk.take(recorded);
    if (recorded.event.seq === seq) return walk.stepOf(recorded.event, advanced);
  }
  return undefined;
}

/** Every step of a session, in order. */
export function* steps(session: readonly Recorded[]): Generator<Step, void, undefined> {
  const walk = new Walk(session);
  for (const recorded of session) yield walk.stepOf(recorded.event, walk.take(recorded));
}

class Walk {
  private state = initialState;
  private readonly decisions = new Map<number, Decision>();
  private readonly completions = new Map<number, Completion>();
  private readonly texts = new Map<number, Text>();
  private latest: { query: Text | null; parse: Text | null } = { query: null, parse: null };

  constructor(session: readonly Recorded[]) {
    // What was masked is known when a statement ends, and marks the rows that it gave before.
    for (const { event } of session) if (event.type === 'statement.completed') this.completions.set(event.data.n, event.data);
  }

  take({ event, parts }: Recorded): Advance {
    const advanced = advance(this.state, event, parts);
    this.state = advanced.state;
    for (const message of advanced.messages) this.read(message);
    this.note(event);
    return advanced;
  }

  stepOf(event: Event, { state, messages, rows }: Advance): Step {
    const n = statementOf(event);
    return {
      seq: event.seq,
      event,
      state,
      hash: stateHash(state),
      decision: (n === undefined ? undefined : this.decisions.get(n)) ?? null,
      sql: (n === undefined ? undefined : this.texts.get(n)) ?? null,
      messages,
      results: resultsOf(rows, this.completions),
    };
  }

  private read({ dir, type, frame }: Message): void {
    if (dir !== 'c') return;
    const kept = frame instanceof Uint8Array ? frame : null;
    if (type === 'Q') this.latest = { ...this.latest, query: kept && queryText(kept) };
    if (type === 'P') this.latest = { ...this.latest, parse: (kept && parseFrame(kept)?.sql) ?? null };
  }

  private note(event: Event): void {
    if (event.type === 'statement.prepared') this.setText(event.data.n, this.latest.parse);
    if (event.type !== 'statement.decided') return;
    const { n, count, form, prepared, statements } = event.data;
    for (let i = 0; i < Math.max(1, count); i++) {
      const sql =
        form === 'query' ? this.latest.query : prepared !== undefined ? (this.texts.get(prepared) ?? null) : this.latest.parse;
      this.decisions.set(n + i, event.data);
      this.setText(n + i, count > 1 && statements.length === count ? slice(sql, statements[i]) : sql);
    }
  }

  private setText(n: number, sql: Text | null): void {
    if (sql !== null && !this.texts.has(n)) this.texts.set(n, sql);
  }
}

const statementOf = ({ data }: Event): number | undefined => ('n' in data ? data.n : undefined);

/** One statement of a string. */
function slice(sql: Text | null, at: { readonly from: number; readonly to: number } | undefined): Text | null {
  return typeof sql === 'string' && at ? textOf(Buffer.from(sql).subarray(at.from, at.to)) : sql;
}

function resultsOf(handed: readonly HandedRows[], completions: ReadonlyMap<number, Completion>): Result[] {
  const results: { rows: HandedRows[]; n: number | null }[] = [];
  for (const row of handed) {
    const last = results.at(-1);
    if (last && last.n === row.n) last.rows.push(row);
    else results.push({ n: row.n, rows: [row] });
  }
  return results.map(({ n, rows }) => resultOf(n, rows, n === null ? undefined : completions.get(n)?.columns));
}

function resultOf(n: number | null, handed: readonly HandedRows[], told: Completion['columns']): Result {
  const rows: Cell[][] = [];
  const absent = new Map<Absent['why'], number>();
  for (const { message, columns, formats } of handed) {
    const { frame, count } = message;
    if (!(frame instanceof Uint8Array)) absent.set(frame.why, (absent.get(frame.why) ?? 0) + count);
    else rows.push((rowValues(frame) ?? []).map((value, i) => cellOf(value, columns?.[i]?.format ?? formatOf(formats, i))));
  }
  const shown = handed[0]?.columns ?? [];
  const width = Math.max(shown.length, told?.length ?? 0, ...rows.slice(0, 1).map((row) => row.length));
  const columns = Array.from({ length: width }, (_, i) => ({
    name: shown[i]?.name ?? told?.[i]?.name ?? `column ${i + 1}`,
    type: shown[i]?.type ?? told?.[i]?.type ?? 0,
    mask: told?.[i]?.masked ?? null,
  }));
  return {
    n,
    columns,
    masking: told ? 'known' : 'unknown',
    rows,
    absent: Array.from(absent, ([why, count]) => ({ why, count })),
  };
}

/** Undefined: nothing told it. */
function formatOf(formats: readonly number[] | null, column: number): number | undefined {
  if (formats === null) return undefined;
  return formats.length > 1 ? formats[column] : (formats[0] ?? 0);
}

function cellOf(value: Uint8Array | null, format: number | undefined): Cell {
  if (value === null) return null;
  const text = format === 0 ? textOf(value) : undefined;
  return typeof text === 'string' ? text : { hex: Buffer.from(value).toString('hex') };
}
