import {
  commitment,
  type Event,
  type EventOf,
  type EventType,
  MessageRuns,
  parseEvent,
  type Part,
  type PartName,
  serialize,
} from '#events';
import { type Direction, partOf, type Recorded } from '../stream.js';

/** What passed in one direction before an event: whole messages, or any piece of the stream. */
export interface Passed {
  readonly dir: Direction;
  readonly bytes: Buffer;
  readonly lost?: 'log';
}
export const c = (...frames: readonly Uint8Array[]): Passed => ({ dir: 'c', bytes: Buffer.concat(frames) });
export const s = (...frames: readonly Uint8Array[]): Passed => ({ dir: 's', bytes: Buffer.concat(frames) });
export const lost = (passed: Passed): Passed => ({ ...passed, lost: 'log' });

type DataOf<T extends EventType> = EventOf<T>['data'];

/** Writes the recording of a session by hand, as the proxy would have: each event with what passed before it. */
export class Script {
  static readonly session = '01936f00-0000-7000-8000-000000000001';
  static readonly producer = '01936f00-0000-7000-8000-00000000000f';
  static readonly policy = 'a'.repeat(64);
  static readonly catalog = 'c'.repeat(64);
  readonly recorded: Recorded[] = [];
  private readonly at = { c: 0, s: 0 };
  private readonly begun: Record<Direction, { type: string; left: number } | null> = { c: null, s: null };
  private withheld: Partial<Record<PartName, Part['withheld']>> = {};

  /** The parts of these names are withheld from here on. */
  withholding(withheld: Partial<Record<PartName, Part['withheld']>>): this {
    this.withheld = withheld;
    return this;
  }

  event<T extends EventType>(type: T, data: DataOf<T>, ...passed: readonly Passed[]): this {
    const contents = new Map<PartName, Buffer[]>();
    const wire = passed.map((range) => this.range(range, contents));
    const kept = new Map<PartName, Uint8Array>();
    const parts: Part[] = [];
    for (const [name, pieces] of contents) {
      const withheld = this.withheld[name];
      const bytes = Buffer.concat(pieces);
      const commit = commitment(Buffer.alloc(32), pieces).toString('base64');
      parts.push({ alg: 'sha256-salted', commit, len: bytes.length, name, ...(withheld && { withheld }) });
      if (!withheld) kept.set(name, bytes);
    }
    const seq = this.recorded.length;
    const event = {
      ...{ at: 1_700_000_000_000 + seq, data, producer: Script.producer, pseq: seq, seq, session: Script.session, type, v: 1 },
      ...(parts.length > 0 && { parts }),
      ...(wire.length > 0 && { wire }),
    } as unknown as Event;
    // Through its bytes, so that a script cannot say what no log could hold.
    this.recorded.push({ event: parseEvent(Buffer.from(serialize(event))), parts: kept });
    return this;
  }

  /** The events up to the first ReadyForQuery. */
  ready(settings: DataOf<'session.ready'>['settings'] = [{ name: 'TimeZone', value: 'UTC' }], login = 'app_rw'): this {
    return this.event('session.opened', {
      client: { address: '127.0.0.1', port: 40_000 },
      parameters: [],
      database: 'app',
      user: 'billing-bot',
    })
      .event('session.authenticated', {
        principal: { groups: ['agents'], issuer: 'https://id.example', kind: 'agent', subject: 'billing-bot' },
        method: 'oidc',
        login,
        target: 'main',
        database: 'app',
        durability: 'strict',
        policy: Script.policy,
      })
      .event('session.ready', {
        backend: 4711,
        catalog: Script.catalog,
        serverVersion: '18.1',
        settings,
        role: login,
        searchPath: ['"$user"', 'public'],
      });
  }

  decided(
    n: number,
    form: DataOf<'statement.decided'>['form'],
    passed: Passed,
    more: Partial<DataOf<'statement.decided'>> = {},
  ): this {
    const on = { catalog: Script.catalog, role: 'app_rw', searchPath: ['"$user"', 'public'], transaction: 'I' as const };
    return this.event(
      'statement.decided',
      {
        ...{ n, count: 1, form, verdict: 'allow', rule: 'reads', policy: Script.policy, analyzer: '1', durability: 'strict', on },
        statements: [],
        ...more,
      },
      passed,
    );
  }

  completed(n: number, passed: Passed, more: Partial<DataOf<'statement.completed'>> = {}): this {
    return this.event('statement.completed', { n, outcome: 'ok', rows: 0, bytes: 0, ...more }, passed);
  }

  passed(...passed: readonly Passed[]): this {
    return this.event('wire.recorded', {}, ...passed);
  }

  closed(): this {
    const { c: client, s: server } = this.at;
    return this.event('session.closed', { client, server, reason: 'client-terminated', statements: 1 });
  }

  private range({ dir, bytes, lost: isLost }: Passed, contents: Map<PartName, Buffer[]>): NonNullable<Event['wire']>[number] {
    const runs = new MessageRuns();
    let at = 0;
    while (at < bytes.length) {
      const begun = this.begun[dir];
      const type = begun?.type ?? String.fromCharCode(bytes[at] ?? 0);
      const length = begun?.left ?? bytes.readInt32BE(at + 1) + 1;
      const here = Math.min(length, bytes.length - at);
      runs.add(begun ? '+' : type, begun ? here : length);
      this.begun[dir] = here < length ? { type, left: length - here } : null;
      const kind = partOf(dir, type);
      if (!isLost) contents.set(kind, [...(contents.get(kind) ?? []), bytes.subarray(at, at + here)]);
      at += here;
    }
    const from = this.at[dir];
    this.at[dir] += bytes.length;
    return { dir, from, msgs: runs.toString(), to: this.at[dir], ...(isLost && { lost: isLost }) };
  }
}
