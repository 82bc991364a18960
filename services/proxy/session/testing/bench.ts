import { eventBytes } from '#events';
import type { LogFailed } from '#event-log';
import { type Lineage, type Masked, plainLineage } from '#masking';
import { encodeCommandComplete, encodeErrorResponse, encodeReadyForQuery, type Frame, Framer } from '#pgwire';
import type { Decision } from '#policy';
import type { Act, Parsed, Resolved, Written } from '#sql';
import { type AnyDraft, type HoldAnswer, Holds, Judge, type Need, SessionMasking, SessionPort, type Timer } from '../port.js';
import { Session } from '../session.js';

interface Recorded {
  readonly drafts: readonly AnyDraft[];
  readonly need: Need;
  readonly settled: ((error?: LogFailed) => void) | undefined;
}

/** A session on a bench: what it does is seen, and what happens to it is said, step by step. */
export class Bench extends SessionPort {
  readonly session: Session;
  readonly judge = new TextJudge();
  refreshes = 0;
  readonly sent: string[] = [];
  readonly told: string[] = [];
  readonly drafts: AnyDraft[] = [];
  ended: string | undefined;
  private readonly waiting: Recorded[] = [];
  private readonly server = new Framer({ direction: 'frontend', maxFrame: 1_000_000, whole: () => true });
  private readonly client = new Framer({ direction: 'backend', maxFrame: 1_000_000, whole: () => true });

  constructor(durability: 'strict' | 'buffered' = 'strict') {
    super();
    const facts = {
      id: '018f7c1e-0000-7000-8000-00000000000a',
      principal: { issuer: 'i', subject: 's', kind: 'agent' as const, groups: [] },
      actors: [],
      run: {},
      mayRunAs: ['r'],
      target: 'main',
      database: 'app',
      durability,
      limits: { messageBytes: 1_000_000, statementResultBytes: 1000, sessionResultBytes: 10_000, waitingBytes: 100_000 },
    };
    this.session = new Session(facts, this, this.judge, new NoHolds(), { role: 'r', searchPath: ['public'] });
  }

  /** Lets everything that waits for its record have it, or hear why not. */
  settle(error?: LogFailed): void {
    for (const { settled } of this.waiting.splice(0)) settled?.(error);
  }

  get unsettled(): number {
    return this.waiting.length;
  }

  reply(...messages: Buffer[]): void {
    this.session.fromServer(Buffer.concat(messages));
  }

  toServer(bytes: Buffer): void {
    this.server.push(bytes, (frame) => this.sent.push(describe(frame)));
  }

  toClient(bytes: Buffer): void {
    this.client.push(bytes, (frame) => this.told.push(describe(frame)));
  }

  record(drafts: readonly AnyDraft[], need: Need, settled?: (error?: LogFailed) => void): void {
    for (const { data, wire } of drafts)
      if (JSON.stringify({ data, wire }).length > eventBytes - 2048) throw new Error('no log takes an event of this size');
    this.drafts.push(...drafts);
    if (settled) this.waiting.push({ drafts, need, settled });
  }

  parse(sql: Buffer, done: (parsed: Parsed) => void): void {
    const statements = sql
      .toString('utf8')
      .split(';')
      .filter((text) => text.trim() !== '')
      .map((text) => ({
        ...({ verb: text.trim(), act: actOf(text.trim()) } as unknown as Written),
        ...(text.includes('PASSWORD') && { secret: true as const }),
      }));
    done({ kind: 'statements', statements });
  }

  refreshCatalog(done: () => void): void {
    this.refreshes++;
    done();
  }

  readonly armed = new Map<Timer, number>();

  arm(timer: Timer, ms: number): void {
    this.armed.set(timer, ms);
  }

  disarm(timer: Timer): void {
    this.armed.delete(timer);
  }

  cancelled = 0;

  cancelServer(): void {
    this.cancelled++;
  }

  cutServer(): void {
    this.sent.push('(cut)');
  }

  pauseClient(): void {
    this.told.push('(paused)');
  }

  resumeClient(): void {
    this.told.push('(resumed)');
  }

  defect(error: unknown): void {
    throw error;
  }

  end(reason: string): void {
    this.session.finish();
    this.ended = reason;
  }

  micros(): number {
    return 0;
  }

  now(): number {
    return 0;
  }
}

/** Allows what is not DROP; a statement's text is its verb. */
class TextJudge extends Judge {
  readonly policy = 'a'.repeat(64);
  readonly catalog = 'b'.repeat(64);
  readonly analyzer = 'test';
  isStale = false;
  override masking: SessionMasking | undefined = undefined;

  resolve(written: Written): Resolved {
    const facts = {
      verb: written.verb,
      effects: [],
      reads: [],
      writes: [],
      functions: [],
      unbounded: false,
      risks: [],
      from: 0,
      to: 0,
    };
    return { facts, act: written.act, changes: /^(SET|CREATE)/.test(written.verb) ? 'state' : 'nothing', relations: [] };
  }

  decide(statements: readonly Resolved[]): Decision {
    const denied = statements.some(({ facts }) => facts.verb.startsWith('DROP'));
    return denied ? { verdict: 'deny', rule: 'no-drop', reason: 'no' } : { verdict: 'allow', rule: 'rest', reason: '' };
  }
}

/** Masks that cover nothing of what is asked. */
export class NoMasks extends SessionMasking {
  rewrite(): Masked {
    return { kind: 'as-is', touches: [] };
  }
  touches(): readonly string[] {
    return [];
  }
  lineage(): Lineage {
    return plainLineage;
  }
  isMaskedTag(): boolean {
    return false;
  }
}

class NoHolds extends Holds {
  ask(): HoldAnswer {
    throw new Error('nothing is held here');
  }
  giveBack(): void {
    throw new Error('nothing was granted here');
  }
  leave(): void {
    throw new Error('nobody waits here');
  }
}

const select = { verb: 'SELECT', act: { kind: 'plain' } } as unknown as Written;

function actOf(text: string): Act {
  if (text === 'ROLLBACK') return { kind: 'transaction', command: 'rollback', modes: [] };
  if (text === 'COPY') return { kind: 'copy', direction: 'from', end: 'client', query: false };
  if (text === 'BEGIN') return { kind: 'transaction', command: 'begin', modes: [] };
  if (text.startsWith('SET')) return { kind: 'set', name: 'x', values: [], local: false };
  if (text.startsWith('PREPARE ')) return { kind: 'prepare', name: text.slice('PREPARE '.length), inner: select };
  if (text.startsWith('EXECUTE ')) return { kind: 'execute', name: text.slice('EXECUTE '.length) };
  return { kind: 'plain' };
}

/** `Q SELECT 1`, `Z I`, `E 42501`: a message's type and what tells it apart. */
function describe({ type, bytes }: Frame): string {
  const body = bytes.subarray(5).toString('latin1');
  if (type === 'Q') return `Q ${body.slice(0, -1)}`;
  if (type === 'P') return `P ${body.split('\0')[1] ?? ''}`;
  if (type === 'Z') return `Z ${body}`;
  if (type === 'E' && bytes[5] !== 0 && body.includes('\0C')) return `E ${/\0C([0-9A-Z]{5})/.exec(body)?.[1] ?? ''}`;
  if (type === 'C') return `C ${body.slice(0, -1)}`;
  return type;
}

export const done = (tag: string): Buffer => encodeCommandComplete(tag);
export const ready = (status: 'I' | 'T' | 'E'): Buffer => encodeReadyForQuery(status);
export const failure = (code: string): Buffer => encodeErrorResponse({ severity: 'ERROR', code, message: 'm' });
