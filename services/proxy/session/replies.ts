import {
  decodeCommandComplete,
  decodeDataRow,
  decodeFault,
  decodeParameterStatus,
  decodeReadyForQuery,
  type Frame,
} from '#pgwire';
import { netFault, netMessage } from './answer-masking.js';
import type { SessionContext } from './context.js';
import { Delivery, type Outcome } from './delivery.js';
import { Expectations, type Skipping } from './expectations.js';
import { RowDescriptions } from './row-description.js';
import { type Column, type Expected, type Refused, type Running, runningOf } from './running.js';

/** What the session is told by its server. */
export interface RepliesListener {
  /** ReadyForQuery came and the server owes nothing more. */
  idle(): void;
  /** COPY FROM STDIN began; it ended, or never began, without the client's word. */
  copyIn(): void;
  copyInEnded(): void;
  /** Something the server sent cannot be: the session must end. */
  broken(detail: string): void;
  /** A setting came that no decision can be made under. */
  setting(name: string, value: string): void;
}

/** Follows the server's answers: what each belongs to, what goes to the client, and what is recorded of it. */
export class Replies {
  readonly expected = new Expectations();
  /** The statement that reads CopyData from the client now. */
  copying: Running | undefined;
  /** Replaces the next error: the server's word for a failure that was ours. */
  replacement: Refused | undefined;

  /** The server has said that it ends the session. */
  fatal = false;

  private readonly delivery: Delivery;
  private readonly descriptions: RowDescriptions;
  private skipping: Skipping = 'nothing';
  /** Pieces of a row of the proxy's own question. */
  private readonly ownRow: Buffer[] = [];

  constructor(
    private readonly ctx: SessionContext,
    private readonly listener: RepliesListener,
  ) {
    this.delivery = new Delivery(ctx, this.expected);
    this.descriptions = new RowDescriptions(ctx.judge.masking);
  }

  /** Call when a chunk of the server's stream is through. */
  flush(): void {
    this.delivery.flush();
    if (!this.ctx.server.isEmpty) this.ctx.linger();
  }

  /** Hands the client a message of the proxy's own making. */
  author(message: Buffer): void {
    this.delivery.pass(message);
  }

  /** Whether the server has answered all that it was sent; what it skips until a Sync that it was not sent needs no answer. */
  get owesNothing(): boolean {
    if (!this.expected.owesClient) return true;
    return this.skipping === 'pipeline' && ![...this.expected].some(({ kind }) => kind === 'sync');
  }

  /** Records that a statement was never run, because one before it failed. */
  skipped(running: Running): void {
    this.delivery.recordCompleted({ running, outcome: 'skipped' });
  }

  /** Ends a statement that was never sent with an error of the proxy's own. */
  refuse(running: Running, { error, sqlstate }: Refused): void {
    this.delivery.pass(error);
    this.delivery.finish({ running, outcome: 'refused', sqlstate });
  }

  /** Records what is accounted for and what has ended. */
  record(): void {
    this.delivery.record();
  }

  frame(frame: Frame): void {
    const head = this.expected.at(0);
    if (head?.kind === 'state' && !isAsynchronous(frame.type)) {
      this.ownAnswer(head, frame);
      return;
    }
    if (frame.type !== 'Z' && !isAsynchronous(frame.type)) this.delivery.recordFinished();
    switch (frame.type) {
      case 'D':
      case 'd':
        if (this.ctx.judge.masking && frame.type === 'D' && !this.expected.running?.columns) {
          this.listener.broken('rows came that no description was seen of');
          return;
        }
        this.delivery.content(frame);
        return;
      case 'E':
        this.error(frame.bytes);
        return;
      case 'Z':
        this.ready(frame);
        return;
      case 'S':
        this.delivery.pass(this.ctx.judge.masking ? netMessage(frame.bytes) : frame.bytes);
        this.parameter(frame.bytes);
        return;
      case 'T': {
        const columns = this.descriptions.columnsOf(frame.bytes, this.expected.lineage);
        if (!columns) {
          this.listener.broken('a masked column was about to be shown');
          return;
        }
        this.describe(columns);
        if (head?.kind === 'tags') return;
        break;
      }
      case 'N':
        this.delivery.pass(this.ctx.judge.masking ? netFault('N', frame.bytes, this.expected.answered) : frame.bytes);
        return;
      case 'A':
        this.delivery.pass(this.ctx.judge.masking ? netMessage(frame.bytes) : frame.bytes);
        return;
      case 'n':
        this.describe(undefined);
        if (head?.kind === 'tags') return;
        break;
      case '1':
        this.parsed();
        break;
      case '2':
      case '3':
        this.expected.shift();
        break;
      case 'G':
      case 'W':
        this.startCopyIn();
        break;
      case 'C':
        this.complete(decodeCommandComplete(frame.bytes), 'ok');
        break;
      case 'I':
        this.complete('', 'ok');
        break;
      case 's':
        this.complete('', 'suspended');
        break;
      default: // t, H, c, V: nothing to follow
    }
    this.delivery.pass(frame.bytes);
  }

  /** Everything that was sent and not answered ends here: the server is gone. */
  abandon(): void {
    this.delivery.recordFinished();
    for (const expected of this.expected.drain()) {
      if (expected.kind === 'state') expected.done(undefined);
      for (const running of runningOf(expected)) this.delivery.recordCompleted({ running, outcome: 'unknown' });
    }
  }

  private error(bytes: Buffer): void {
    const head = this.expected.at(0);
    const { code, severity } = errorFacts(bytes);
    if (severity === 'FATAL' || severity === 'PANIC') {
      this.fatal = true;
      this.delivery.pass(bytes);
      return;
    }
    const ofString = head?.kind === 'query' || (head?.kind === 'refusal' && head.form === 'query');
    this.skipping = ofString ? 'string' : 'pipeline';
    if (head?.kind === 'refusal' && code !== '25P02') {
      this.delivery.pass(head.refused.error);
      head.running.ended = true;
      this.delivery.finish({ running: head.running, outcome: 'refused', sqlstate: head.refused.sqlstate });
      this.listener.copyInEnded();
      return;
    }
    const running = failing(head) ?? this.expected.running;
    const { replacement } = this;
    this.delivery.pass(replacement?.error ?? (this.ctx.judge.masking ? netFault('E', bytes, this.expected.answered) : bytes));
    const sqlstate = replacement?.sqlstate ?? code;
    const outcome = replacement ? 'refused' : code === '57014' ? 'cancelled' : 'error';
    if (running) this.delivery.finish({ running, outcome, sqlstate });
    // Whatever was sent behind it in this string or pipeline never runs.
    for (const one of [...this.expected].flatMap(runningOf)) one.ended ||= this.skipping === 'pipeline' || one === running;
    if (running) running.ended = true;
    this.endCopyIn();
  }

  private ready(frame: Frame): void {
    this.delivery.pass(frame.bytes);
    this.endCopyIn();
    this.delivery.recordFinished();
    this.settle();
    const status = decodeReadyForQuery(frame.bytes);
    this.ctx.state.transaction = status;
    if (status === 'I') this.ctx.state.changedInTransaction = 'nothing';
    this.record();
    if (this.expected.length === 0) {
      this.delivery.flush();
      this.listener.idle();
    }
  }

  /** What this ReadyForQuery answers is over: what was skipped of it never was. */
  private settle(): void {
    const answered = this.expected.takeAnswered(this.skipping);
    if (this.skipping !== 'nothing') for (const skipped of [...answered].reverse()) this.ctx.state.undo(skipped);
    for (const running of answered.flatMap(runningOf)) this.delivery.recordCompleted({ running, outcome: 'skipped' });
    this.skipping = 'nothing';
  }

  private complete(tag: string, outcome: Outcome): void {
    const head = this.expected.at(0);
    const running = this.expected.running;
    if (head?.kind === 'refusal') {
      this.listener.broken('a statement that had to fail did not');
      return;
    }
    if (!running) return;
    running.applied?.();
    running.ended = outcome !== 'suspended';
    if (this.copying === running) this.endCopyIn();
    this.delivery.finish({ running, outcome, tag });
    if (head?.kind === 'query') head.at++;
    else this.expected.shift();
  }

  private parsed(): void {
    const head = this.expected.shift();
    if (head?.kind === 'parse') head.prepared.settled = true;
    else this.listener.broken('ParseComplete without a Parse');
  }

  private describe(columns: readonly Column[] | undefined): void {
    const head = this.expected.at(0);
    if (head?.kind === 'query') {
      const running = this.expected.running;
      if (running) running.columns = columns;
    } else if (head?.kind === 'describe' || head?.kind === 'tags') {
      const described = head.kind === 'tags' ? head.portal : head.of;
      this.expected.shift();
      if (!described) return;
      described.columns = columns;
      // What was bound, and sent to run, before this was known.
      for (const one of this.expected)
        if (one.kind === 'execute' && (one.portal === described || one.portal.prepared === described))
          one.running.columns = columns;
    }
  }

  private parameter(bytes: Buffer): void {
    const { name, value } = decodeParameterStatus(bytes);
    this.listener.setting(name, value);
  }

  private startCopyIn(): void {
    this.copying = this.expected.running;
    // A Sync that the client sent with its Execute is swallowed by the server once copy-in began.
    if (this.expected.at(0)?.kind === 'execute' && this.expected.at(1)?.kind === 'sync') this.expected.remove(1);
    this.listener.copyIn();
  }

  private endCopyIn(): void {
    this.replacement = undefined;
    this.copying = undefined;
    this.listener.copyInEnded();
  }

  private ownAnswer(head: Extract<Expected, { kind: 'state' }>, frame: Frame): void {
    if (frame.type === 'D') {
      this.ownRow.push(Buffer.from(frame.bytes));
      if (frame.piece === 'first' || frame.piece === 'middle') return;
      const row = Buffer.concat(this.ownRow.splice(0));
      head.rows.push(decodeDataRow(row).map((cell) => cell?.toString('utf8') ?? null));
    } else if (frame.type === 'E') head.failed = true;
    else if (frame.type === 'Z') {
      this.expected.shift();
      this.ctx.state.transaction = decodeReadyForQuery(frame.bytes);
      head.done(head.failed ? undefined : head.rows);
    }
  }
}

/** The statement that fails with what the server is at, where that does not run it. */
function failing(head: Expected | undefined): Running | undefined {
  if (head?.kind === 'bind' || head?.kind === 'tags') return head.portal.running;
  return head?.kind === 'refusal' ? head.running : undefined;
}

/** Messages that may come between any two others. */
const isAsynchronous = (type: string): boolean => type === 'N' || type === 'A' || type === 'S';

function errorFacts(bytes: Buffer): { code: string; severity: string } {
  const fields = new Map(decodeFault(bytes).map(({ code, value }) => [code, value.toString('latin1')]));
  // V is the severity that no locale translates (9.6 and later).
  return { code: fields.get('C') ?? 'XX000', severity: fields.get('V') ?? fields.get('S') ?? 'ERROR' };
}
