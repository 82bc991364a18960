import { carriedBy, type Lineage, type Masked, plainLineage } from '#masking';
import type { EventOf, PartName, Withheld } from '#events';
import {
  decodeCommandComplete,
  decodeDataRow,
  decodeFault,
  decodeParameterStatus,
  decodeReadyForQuery,
  decodeRowDescription,
  type Frame,
} from '#pgwire';
import { netFault, netMessage, netRow } from './answer-masking.js';
import { rangeBytes, type SessionContext } from './context.js';
import { type Column, type Expected, type Refused, type Running, runningOf } from './running.js';
import { Stretches } from './span.js';

type Outcome = EventOf<'statement.completed'>['data']['outcome'];

interface Finished {
  readonly running: Running;
  readonly outcome: Outcome;
  readonly tag?: string;
  readonly sqlstate?: string;
}

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

const withheldRows: ReadonlyMap<PartName, Withheld> = new Map([
  ['rows', 'cap'],
  ['copy', 'cap'],
]);

/** Follows the server's answers: what each belongs to, what goes to the client, and what is recorded of it. */
export class Replies {
  /** Sent and not fully answered, oldest first. */
  readonly expected: Expected[] = [];
  /** The statement that reads CopyData from the client now. */
  copying: Running | undefined;
  /** Replaces the next error: the server's word for a failure that was ours. */
  replacement: Refused | undefined;

  /** The server has said that it ends the session. */
  fatal = false;

  private readonly toClient: Stretches;
  /** Ended, its event not written yet: the ReadyForQuery behind it belongs into the same event. */
  private finished: Finished | undefined;
  /** An error was answered: the rest of the string, or everything up to Sync, is skipped. */
  private skipping: 'nothing' | 'string' | 'pipeline' = 'nothing';
  /** Pieces of a row of the proxy's own question. */
  private readonly ownRow: Buffer[] = [];
  /** The content of the open range is not kept. */
  private capped = false;

  constructor(
    private readonly ctx: SessionContext,
    private readonly listener: RepliesListener,
  ) {
    this.toClient = new Stretches((bytes) => {
      ctx.port.toClient(bytes);
    });
  }

  /** Call when a chunk of the server's stream is through. */
  flush(): void {
    this.toClient.flush();
    if (!this.ctx.server.isEmpty) this.ctx.linger();
  }

  /** Hands the client a message of the proxy's own making. */
  author(message: Buffer): void {
    this.pass(message);
  }

  /** Records that a statement was never run, because one before it failed. */
  skipped(running: Running): void {
    this.recordCompleted({ running, outcome: 'skipped' });
  }

  /** Ends a statement that was never sent with an error of the proxy's own. */
  refuse(running: Running, { error, sqlstate }: Refused): void {
    this.pass(error);
    this.finished = { running, outcome: 'refused', sqlstate };
  }

  /** Records what is accounted for and what has ended. */
  record(): void {
    if (this.finished) {
      this.recordFinished(this.finished);
      return;
    }
    this.ctx.recordClient();
    this.ctx.recordRange(this.ctx.server, this.running?.n, this.withheld);
  }

  /** The statement whose answer is coming in. */
  get running(): Running | undefined {
    const [head] = this.expected;
    if (head?.kind === 'query') return head.statements[head.at];
    return head?.kind === 'execute' ? head.running : undefined;
  }

  /** What masks made of the text that the server is answering to. */
  private get answered(): Masked | undefined {
    const [head] = this.expected;
    switch (head?.kind) {
      case 'parse':
        return head.prepared.meaning.masking;
      case 'bind':
        return head.portal.meaning.masking;
      case 'describe':
        return head.of?.meaning.masking;
      case 'tags':
        return head.portal.meaning.masking;
      default:
        return this.running?.masking;
    }
  }

  /** Which columns of the result that the server describes come from masked ones. */
  private get lineage(): Lineage {
    const [head] = this.expected;
    const described = head?.kind === 'describe' ? head.of : head?.kind === 'tags' ? head.portal : undefined;
    return (described ? described.meaning.lineages[0] : this.running?.lineage) ?? plainLineage;
  }

  frame(frame: Frame): void {
    const [head] = this.expected;
    if (head?.kind === 'state' && !isAsynchronous(frame.type)) {
      this.ownAnswer(head, frame);
      return;
    }
    if (this.finished && frame.type !== 'Z' && !isAsynchronous(frame.type)) this.recordFinished(this.finished);
    switch (frame.type) {
      case 'D':
      case 'd':
        this.content(frame);
        return;
      case 'E':
        this.error(frame.bytes);
        return;
      case 'Z':
        this.ready(frame);
        return;
      case 'S':
        this.pass(this.ctx.judge.masking ? netMessage(frame.bytes) : frame.bytes);
        this.parameter(frame.bytes);
        return;
      case 'T': {
        const columns = decodeRowDescription(frame.bytes);
        const shows = columns.some(({ table, attnum }) => this.ctx.judge.masking?.isMaskedTag(table, attnum) === true);
        if (shows) {
          this.listener.broken('a masked column was about to be shown');
          return;
        }
        const carried = carriedBy(this.lineage, columns.length);
        this.describe(
          // A masked value comes out of a sub-select: it belongs to no table any more.
          columns.map(({ name, type, table }, i) =>
            table === 0 && (carried[i] ?? []).length > 0 ? { name, type, masked: 'rewrite' } : { name, type },
          ),
        );
        if (head?.kind === 'tags') return;
        break;
      }
      case 'N':
        this.pass(this.ctx.judge.masking ? netFault('N', frame.bytes, this.answered) : frame.bytes);
        return;
      case 'A':
        this.pass(this.ctx.judge.masking ? netMessage(frame.bytes) : frame.bytes);
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
    this.pass(frame.bytes);
  }

  /** Everything that was sent and not answered ends here: the server is gone. */
  abandon(): void {
    if (this.finished) this.recordFinished(this.finished);
    for (const expected of this.expected.splice(0)) {
      if (expected.kind === 'state') expected.done(undefined);
      for (const running of runningOf(expected)) this.recordCompleted({ running, outcome: 'unknown' });
    }
  }

  private content(frame: Frame): void {
    const { ctx } = this;
    let { bytes } = frame;
    if (frame.piece === 'whole' || frame.piece === 'first') {
      const running = this.running;
      if (ctx.judge.masking && frame.type === 'D' && !running?.columns) {
        this.listener.broken('rows came that no description was seen of');
        return;
      }
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
  private pass(bytes: Buffer): void {
    this.ctx.server.begin(String.fromCharCode(bytes[0] ?? 0), bytes.length, bytes);
    this.toClient.add(bytes);
  }

  private error(bytes: Buffer): void {
    const [head] = this.expected;
    const { code, severity } = errorFacts(bytes);
    if (severity === 'FATAL' || severity === 'PANIC') {
      this.fatal = true;
      this.pass(bytes);
      return;
    }
    const ofString = head?.kind === 'query' || (head?.kind === 'refusal' && head.form === 'query');
    this.skipping = ofString ? 'string' : 'pipeline';
    if (head?.kind === 'refusal' && code !== '25P02') {
      this.pass(head.refused.error);
      head.running.ended = true;
      this.finished = { running: head.running, outcome: 'refused', sqlstate: head.refused.sqlstate };
      this.listener.copyInEnded();
      return;
    }
    const running = failing(head) ?? this.running;
    const { replacement } = this;
    this.pass(replacement?.error ?? (this.ctx.judge.masking ? netFault('E', bytes, this.answered) : bytes));
    const sqlstate = replacement?.sqlstate ?? code;
    const outcome = replacement ? 'refused' : code === '57014' ? 'cancelled' : 'error';
    if (running) this.finished = { running, outcome, sqlstate };
    // Whatever was sent behind it in this string or pipeline never runs.
    for (const one of this.expected.flatMap(runningOf)) one.ended ||= this.skipping === 'pipeline' || one === running;
    if (running) running.ended = true;
    this.endCopyIn();
  }

  private ready(frame: Frame): void {
    this.pass(frame.bytes);
    this.endCopyIn();
    if (this.finished) this.recordFinished(this.finished);
    this.settle();
    const status = decodeReadyForQuery(frame.bytes);
    this.ctx.state.transaction = status;
    if (status === 'I') this.ctx.state.changedInTransaction = false;
    this.record();
    if (this.expected.length === 0) {
      this.toClient.flush();
      this.listener.idle();
    }
  }

  /** Takes what this ReadyForQuery answers off the list: the string or FunctionCall at its head, or all up to a Sync. */
  private settle(): void {
    const answered: Expected[] = [];
    for (let head = this.expected.shift(); head; head = this.expected.shift()) {
      answered.push(head);
      const isString = head.kind === 'query' || (head.kind === 'refusal' && head.form === 'query');
      // A Query that came while the server skipped to a Sync was skipped as well.
      if (head.kind === 'sync' || (isString && this.skipping !== 'pipeline')) break;
    }
    if (this.skipping !== 'nothing') for (const skipped of [...answered].reverse()) this.undo(skipped);
    for (const running of answered.flatMap(runningOf)) this.recordCompleted({ running, outcome: 'skipped' });
    this.skipping = 'nothing';
  }

  private complete(tag: string, outcome: Outcome): void {
    const [head] = this.expected;
    const running = this.running;
    if (head?.kind === 'refusal') {
      this.listener.broken('a statement that had to fail did not');
      return;
    }
    if (!running) return;
    running.applied?.();
    running.ended = outcome !== 'suspended';
    if (this.copying === running) this.endCopyIn();
    this.finished = { running, outcome, tag };
    if (head?.kind === 'query') head.at++;
    else this.expected.shift();
  }

  private parsed(): void {
    const head = this.expected.shift();
    if (head?.kind === 'parse') head.prepared.settled = true;
    else this.listener.broken('ParseComplete without a Parse');
  }

  private describe(columns: readonly Column[] | undefined): void {
    const [head] = this.expected;
    if (head?.kind === 'query') {
      const running = this.running;
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

  /** A name that was to be made, or taken away, was not: what it stood for before stands again. */
  undo(expected: Expected): void {
    const { prepared } = this.ctx.state;
    const portal = expected.kind === 'tags' ? expected.portal : expected.kind === 'describe' ? expected.of : undefined;
    if (portal && 'described' in portal) portal.described = false;
    if (expected.kind === 'close' && expected.closed && !prepared.has(expected.closed.name))
      prepared.set(expected.closed.name, expected.closed);
    if (expected.kind !== 'parse' || prepared.get(expected.prepared.name) !== expected.prepared) return;
    if (expected.before && expected.prepared.name !== '') prepared.set(expected.before.name, expected.before);
    else prepared.delete(expected.prepared.name);
  }

  private parameter(bytes: Buffer): void {
    const { name, value } = decodeParameterStatus(bytes);
    this.listener.setting(name, value);
  }

  private startCopyIn(): void {
    this.copying = this.running;
    // A Sync that the client sent with its Execute is swallowed by the server once copy-in began.
    if (this.expected[0]?.kind === 'execute' && this.expected[1]?.kind === 'sync') this.expected.splice(1, 1);
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

  private recordFinished(finished: Finished): void {
    this.finished = undefined;
    this.recordCompleted(finished);
  }

  private recordCompleted({ running, outcome, tag, sqlstate }: Finished): void {
    if (running.completed) return;
    running.completed = true;
    running.ended = true;
    const { ctx } = this;
    ctx.recordClient();
    const range = ctx.server.isEmpty ? undefined : ctx.server.close(this.withheld);
    this.capped = false;
    const sent = outcome === 'ok' || outcome === 'error' || outcome === 'cancelled' || outcome === 'suspended';
    ctx.port.record(
      [
        {
          type: 'statement.completed',
          data: {
            n: running.n,
            outcome,
            rows: running.rows,
            bytes: running.bytes,
            ...(tag !== undefined && tag !== '' && { tag }),
            ...(sqlstate !== undefined && { sqlstate }),
            ...(sent && { us: Math.max(0, ctx.port.micros() - running.startedUs) }),
            ...(running.columns && {
              columns: running.columns.map((column, i) => (running.netted.has(i) ? { ...column, masked: 'net' } : { ...column })),
            }),
          },
          ...(range && { wire: [range.wire], parts: range.parts }),
        },
      ],
      'linger',
    );
  }

  private get withheld(): ReadonlyMap<PartName, Withheld> | undefined {
    return this.capped ? withheldRows : undefined;
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
