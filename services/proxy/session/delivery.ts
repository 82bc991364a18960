import type { EventOf, PartName, Withheld } from '#events';
import type { Frame } from '#pgwire';
import { netMessage, netRow } from './answer-masking.js';
import { rangeBytes, type SessionContext } from './context.js';
import { hasRoomForColumns } from './event-size.js';
import type { Expectations } from './expectations.js';
import type { Running } from './running.js';
import { Stretches } from './span.js';

export type Outcome = EventOf<'statement.completed'>['data']['outcome'];

interface Finished {
  readonly running: Running;
  readonly outcome: Outcome;
  readonly tag?: string;
  readonly sqlstate?: string;
}

const withheldRows: ReadonlyMap<PartName, Withheld> = new Map([
  ['rows', 'cap'],
  ['copy', 'cap'],
]);

/** What the client is handed, and what is recorded of it: its bytes, and how each statement ended. */
export class Delivery {
  private readonly toClient: Stretches;
  /** Ended, its event not written yet: the ReadyForQuery behind it belongs into the same event. */
  private finished: Finished | undefined;
  /** The content of the open range is not kept. */
  private capped = false;

  constructor(
    private readonly ctx: SessionContext,
    private readonly expected: Expectations,
  ) {
    this.toClient = new Stretches((bytes) => {
      ctx.port.toClient(bytes);
    });
  }

  flush(): void {
    this.toClient.flush();
  }

  /** A statement has ended: what comes up to its ReadyForQuery, or up to the next answer, belongs to it. */
  finish(finished: Finished): void {
    this.finished = finished;
  }

  /** Records what is accounted for and what has ended. */
  record(): void {
    if (this.finished) {
      this.recordFinished();
      return;
    }
    this.ctx.recordClient();
    this.ctx.recordRange(this.ctx.server, this.expected.running?.n, this.withheld);
  }

  /** Records what has ended. */
  recordFinished(): void {
    const { finished } = this;
    if (!finished) return;
    this.finished = undefined;
    this.recordCompleted(finished);
  }

  /** A DataRow or CopyData, or a piece of one. */
  content(frame: Frame): void {
    const { ctx } = this;
    let { bytes } = frame;
    if (frame.piece === 'whole' || frame.piece === 'first') {
      const running = this.expected.running;
      if (running) this.count(running, frame);
      if (ctx.judge.masking) bytes = frame.type === 'D' ? netRow(bytes, running) : netMessage(bytes);
      ctx.server.begin(frame.type, frame.length, bytes);
    } else {
      ctx.server.carryOn(frame.type, bytes);
    }
    this.toClient.add(bytes);
    if (ctx.server.size > rangeBytes) this.record();
  }

  private count(running: Running, { type, length }: Frame): void {
    const { ctx } = this;
    const { statementResultBytes, sessionResultBytes } = ctx.facts.limits;
    if (type === 'D') running.rows++;
    running.bytes += length;
    if (running.kept + length > statementResultBytes || ctx.keptBytes + length > sessionResultBytes) running.capped = true;
    if (!running.capped) {
      running.kept += length;
      ctx.keptBytes += length;
    }
    if (running.capped !== this.capped) {
      this.record();
      this.capped = running.capped;
    }
  }

  /** Hands on one whole message. */
  pass(bytes: Buffer): void {
    this.ctx.server.begin(String.fromCharCode(bytes[0] ?? 0), bytes.length, bytes);
    this.toClient.add(bytes);
    if (this.ctx.server.size > rangeBytes) this.record();
  }

  /** Records how a statement ended. */
  recordCompleted({ running, outcome, tag, sqlstate }: Finished): void {
    if (running.completed) return;
    running.completed = true;
    running.ended = true;
    const { ctx } = this;
    ctx.recordClient();
    const range = ctx.server.isEmpty ? undefined : ctx.server.close(this.withheld);
    this.capped = false;
    const sent = outcome === 'ok' || outcome === 'error' || outcome === 'cancelled' || outcome === 'suspended';
    const data = {
      n: running.n,
      outcome,
      rows: running.rows,
      bytes: running.bytes,
      tag: tag === '' ? undefined : tag,
      sqlstate,
      us: sent ? Math.max(0, ctx.port.micros() - running.startedUs) : undefined,
      columns: columnsOf(running),
    };
    const type = 'statement.completed';
    ctx.port.record([range ? { type, data, wire: [range.wire], parts: range.parts } : { type, data }], 'linger');
  }

  private get withheld(): ReadonlyMap<PartName, Withheld> | undefined {
    return this.capped ? withheldRows : undefined;
  }
}

/** What the result's columns are called; absent where no event has room for it: the bytes of their RowDescription are on record. */
function columnsOf({ columns, netted }: Running): ResultColumn[] | undefined {
  if (!columns || !hasRoomForColumns(columns)) return undefined;
  return columns.map((column, i) => (netted?.has(i) === true ? { ...column, masked: 'net' } : column));
}

type ResultColumn = NonNullable<EventOf<'statement.completed'>['data']['columns']>[number];
