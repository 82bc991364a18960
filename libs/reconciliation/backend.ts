import { createHash } from 'node:crypto';
import { canonical, type EventOf, type Text } from '#events';

type Observed = EventOf<'native.observed'>['data'];
type Found = EventOf<'bypass.found'>['data'];

/** Who a backend served, as far as its records tell. */
export interface Served {
  readonly user?: Text | undefined;
  readonly database?: Text | undefined;
  readonly application?: Text | undefined;
  readonly client?: Observed['client'];
}

interface Statement {
  readonly id: string;
  readonly time: number;
  readonly line: number;
  readonly command: string | undefined;
}

/** Backends that act for somebody; all others are the server's own. */
const ofClients = new Set(['client backend', 'walsender']);
/** What a backend calls itself until its client got in. */
const beforeIn = new Set(['', 'authentication', 'startup', 'initializing']);

/** A backend of Postgres' own log, put together from its records in whatever order they come and however often. */
export class Backend {
  /** Set once it is explained, or found. */
  verdict: 'explained' | 'found' | undefined;
  /** When it left, by the server's clock. */
  left: number | undefined;
  /** The latest of its records. */
  latest = 0;
  private readonly told = new Map<keyof Served, { readonly line: number; readonly value: NonNullable<Served[keyof Served]> }>();
  /** The first record that shows that its client got in, and the one of its arrival before it. */
  private entered: { readonly id: string; readonly time: number; readonly line: number } | undefined;
  private arrived: string | undefined;
  private readonly statements = new Map<number, Statement>();

  constructor(
    readonly target: string,
    readonly pid: number,
    readonly start: number,
  ) {}

  take(id: string, record: Observed): void {
    const { line = 0, tells, time } = record;
    for (const key of ['user', 'database', 'application', 'client'] as const) this.tell(key, line, record[key]);
    this.latest = Math.max(this.latest, time);
    if (tells === 'connection' && line <= 1) this.arrived = id;
    if (tells === 'disconnection') this.left = time;
    if (showsEntry(record) && (!this.entered || line < this.entered.line)) this.entered = { id, time, line };
    if (tells === 'statement' && this.verdict !== 'explained')
      this.statements.set(line, { id, time, line, command: record.command });
  }

  /** When it was first seen that its client got in, by the server's clock; undefined as long as that is not known. */
  get since(): number | undefined {
    return this.entered?.time;
  }

  get served(): Served {
    return Object.fromEntries([...this.told].map(([key, { value }]) => [key, value]));
  }

  /** Ids of the records by which it is known to have got in. */
  get inputs(): string[] {
    return [this.arrived, this.entered?.id].filter((id, i, all): id is string => id !== undefined && all.indexOf(id) === i);
  }

  explain(): void {
    this.verdict = 'explained';
    this.statements.clear();
  }

  get found(): Found {
    return { ...this.finding('connection'), time: this.since ?? this.start, inputs: this.inputs };
  }

  get hasStatements(): boolean {
    return this.statements.size > 0;
  }

  /** The statements that came since the last call. */
  takeStatements(): Found[] {
    const found = [...this.statements.values()].sort((a, b) => a.line - b.line);
    this.statements.clear();
    return found.map(({ id, time, line, command }) => ({
      ...this.finding('statement', line),
      time,
      ...(command !== undefined && { command }),
      inputs: [id],
    }));
  }

  private tell<K extends keyof Served>(key: K, line: number, value: Served[K]): void {
    const known = this.told.get(key);
    if (value !== undefined && (!known || line < known.line)) this.told.set(key, { line, value });
  }

  private finding(what: Found['what'], line?: number): Omit<Found, 'time' | 'inputs' | 'command'> {
    const { target, pid, start } = this;
    const key = canonical([target, what, pid, start, ...(line === undefined ? [] : [line])]);
    const { user, database, application, client } = this.served;
    return {
      finding: createHash('sha256').update(key).digest('hex'),
      ...{ target, what, pid, start },
      ...(user !== undefined && { user }),
      ...(database !== undefined && { database }),
      ...(application !== undefined && { application }),
      ...(client !== undefined && { client }),
    };
  }
}

function showsEntry({ backend, tells, command = '' }: Observed): boolean {
  if (!ofClients.has(backend ?? '')) return false;
  return tells === 'authorization' || (tells !== 'connection' && !beforeIn.has(command));
}
