import { type Event, type EventOf, eventId } from '#events';
import { Backend, type Served } from './backend.js';
import { type Connection, Connections, type ExplainedBy } from './connections.js';

/** A connection that may be made past the proxy: a pooler, maintenance. */
export interface Exception {
  readonly name: string;
  readonly covers: (served: Served) => boolean;
}

/** How the log of a target is held against the proxy's record. */
export interface Rules {
  /** How far the server's clock may be from the proxy's. */
  readonly skewMs: number;
  readonly exceptions: readonly Exception[];
}

/** What became of a backend, or of a statement of one that was found before. */
export type Judgement =
  | { readonly type: 'native.explained'; readonly data: EventOf<'native.explained'>['data'] }
  | { readonly type: 'bypass.found'; readonly data: EventOf<'bypass.found'>['data'] };

/** What a target's log came to. */
export interface Tally {
  records: number;
  sessions: number;
  exceptions: number;
  findings: number;
}

/** A backend's records come in the order of their file, and files one after the other: none is that much older than what was read. */
const lateMs = 600_000;

/**
 * Holds Postgres' own log of one target against the proxy's connections to it. A fold: what it judges depends on the events alone, in
 * whatever order and batches they come, as long as all up to a moment are there when it is asked to judge up to it.
 */
export class Reconciliation {
  readonly tally: Tally = { records: 0, sessions: 0, exceptions: 0, findings: 0 };
  private readonly connections: Connections;
  private readonly ofSession = new Map<string, Connection[]>();
  private ended: { readonly at: number; readonly connections: readonly Connection[] }[] = [];
  private readonly backends = new Map<number, Map<number, Backend>>();
  /** Not judged yet, or with statements that are not told yet. */
  private readonly open = new Set<Backend>();
  private readonly gone = new Set<Backend>();
  private latest = 0;
  /** When the first proxy began: before that, nothing went past one. */
  private since = Infinity;

  constructor(
    private readonly target: string,
    private readonly rules: Rules,
  ) {
    this.connections = new Connections(rules.skewMs);
  }

  /** @param event any event of the log, each at least once */
  take(event: Event): void {
    switch (event.type) {
      case 'proxy.connected':
        if (event.data.target === this.target) this.connect(event);
        return;
      case 'producer.started':
        if (event.data.service === 'proxy') this.since = Math.min(this.since, event.at);
        return;
      case 'session.closed':
      case 'session.refused':
        this.end(event.session, event.at);
        return;
      case 'native.observed':
        if (event.data.target === this.target) this.observe(event);
        return;
      default:
    }
  }

  /** Whether `judge` would find a bypass. */
  wouldFind(through: number): boolean {
    return this.due(through).some(
      (backend) => backend.verdict !== undefined || (!this.isBeforeAll(backend) && !this.explanationOf(backend)),
    );
  }

  /**
   * What is to be said of everything up to a moment, in the order of the log; each backend and statement once.
   * @param through by the proxy's clock: all events up to here were taken
   */
  judge(through: number): Judgement[] {
    const judgements = this.due(through).flatMap((backend) => this.judged(backend));
    this.forget();
    return judgements;
  }

  private due(through: number): Backend[] {
    return [...this.open]
      .filter(({ since }) => since !== undefined && since + this.rules.skewMs <= through)
      .sort((a, b) => (a.since ?? 0) - (b.since ?? 0) || a.pid - b.pid);
  }

  private connect(event: EventOf<'proxy.connected'>): void {
    const { backend: pid, purpose, session, us } = event.data;
    const by: ExplainedBy = session === undefined ? { kind: 'proxy', purpose } : { kind: 'session', session };
    const connection = { pid, from: event.at - Math.ceil(us / 1000), to: event.at, by, id: eventId(event) };
    this.connections.add(connection);
    if (session !== undefined) this.ofSession.set(session, [...(this.ofSession.get(session) ?? []), connection]);
  }

  private end(session: string, at: number): void {
    const connections = this.ofSession.get(session);
    if (!connections) return;
    this.ofSession.delete(session);
    this.ended.push({ at, connections });
  }

  private observe(event: EventOf<'native.observed'>): void {
    const { pid, start, time } = event.data;
    this.tally.records++;
    this.latest = Math.max(this.latest, time);
    if (pid === undefined || start === undefined) return;
    const backend = this.backendOf(pid, start);
    backend.take(eventId(event), event.data);
    if (backend.verdict === undefined || backend.hasStatements) this.open.add(backend);
    if (backend.left !== undefined) this.gone.add(backend);
  }

  private backendOf(pid: number, start: number): Backend {
    const ofPid = this.backends.get(pid) ?? new Map<number, Backend>();
    this.backends.set(pid, ofPid);
    const known = ofPid.get(start);
    if (known) return known;
    const backend = new Backend(this.target, pid, start);
    ofPid.set(start, backend);
    // Where nobody tells of disconnections, a pid that is used again does.
    for (const earlier of ofPid.values())
      if (earlier.verdict !== undefined && earlier.left === undefined && earlier.start < start) this.leave(earlier, start);
    return backend;
  }

  private judged(backend: Backend): Judgement[] {
    this.open.delete(backend);
    if (backend.verdict === 'found') return this.told(backend, []);
    if (this.isBeforeAll(backend)) {
      backend.explain();
      return [];
    }
    const explanation = this.explanationOf(backend);
    if (!explanation) {
      backend.verdict = 'found';
      return this.told(backend, [backend.found]);
    }
    backend.explain();
    this.tally[explanation.by.kind === 'exception' ? 'exceptions' : 'sessions']++;
    const { target, pid, start } = backend;
    return [{ type: 'native.explained', data: { target, pid, start, ...explanation } }];
  }

  private isBeforeAll = ({ start }: Backend): boolean => start + this.rules.skewMs < this.since;

  private told(backend: Backend, first: readonly EventOf<'bypass.found'>['data'][]): Judgement[] {
    const findings = [...first, ...backend.takeStatements()];
    this.tally.findings += findings.length;
    return findings.map((data) => ({ type: 'bypass.found', data }));
  }

  private explanationOf(backend: Backend): Pick<EventOf<'native.explained'>['data'], 'by' | 'inputs'> | undefined {
    const { pid, start, inputs, served } = backend;
    const connection = this.connections.servedBy(pid, start, [...(this.backends.get(pid)?.keys() ?? [])]);
    if (connection) return { by: connection.by, inputs: [connection.id, ...inputs] };
    const exception = this.rules.exceptions.find(({ covers }) => covers(served));
    return exception && { by: { kind: 'exception', name: exception.name }, inputs };
  }

  private leave(backend: Backend, at: number): void {
    backend.left = at;
    this.gone.add(backend);
  }

  /** What nothing can refer to any more. */
  private forget(): void {
    const old = this.latest - lateMs;
    this.ended = this.ended.filter(({ at, connections }) => {
      if (at + this.rules.skewMs >= old) return true;
      for (const connection of connections) this.connections.remove(connection);
      return false;
    });
    for (const backend of this.gone) if ((backend.left ?? 0) < old && !this.open.has(backend)) this.drop(backend);
    // The server's own processes, and clients that never got in.
    for (const backend of this.open) if (backend.since === undefined && backend.latest < old) this.drop(backend);
  }

  private drop(backend: Backend): void {
    this.gone.delete(backend);
    this.open.delete(backend);
    const ofPid = this.backends.get(backend.pid);
    ofPid?.delete(backend.start);
    if (ofPid?.size === 0) this.backends.delete(backend.pid);
  }
}
