import type { LogFailed } from '#event-log';
import { encodeReadyForQuery } from '#pgwire';
import { maySpellSecret } from '#sql';
import type { SessionContext } from './context.js';
import { Gather } from './gather.js';
import { failingText, injectedParse, injectedQuery } from './injection.js';
import { type Answer, type Group, Outgoing, type OutFrame } from './outgoing.js';
import type { AnyDraft, Holds } from './port.js';
import { Queue } from './queue.js';
import { cancelled, logBroken, type Refusal, refusalResponse } from './refusal.js';
import type { Replies } from './replies.js';
import { newRunning, type Refused, type Running, runningOf } from './running.js';

/** A whole message of the client, its bytes its own. */
export interface ClientMessage {
  readonly type: string;
  readonly bytes: Buffer;
  /** Whether its text holds a password; absent while nobody has read it. */
  secret?: boolean;
}

/** Whether its bytes must not be kept. Of a text that nobody has read, a word decides. */
export const isSecret = ({ type, bytes, secret }: ClientMessage): boolean =>
  type === 'p' || ((type === 'Q' || type === 'P') && (secret ?? maySpellSecret(bytes)));

/** Where the client's messages stand between what has arrived and what was sent. */
export class Pipeline {
  readonly gather: Gather;
  readonly outgoing: Outgoing;
  readonly inbox = new Queue<ClientMessage>();
  /** A message is with the parser, the log or a human: the next ones wait. */
  busy = false;
  /** Nothing more is taken: the client has said goodbye, or the session ends. */
  over = false;
  /** After a refusal: everything up to Sync is dropped; then the proxy answers it, or the server. */
  discarding: 'nothing' | 'then-answer' | 'then-forward' = 'nothing';
  /** Messages went on their way since the last Sync or Query. */
  unsynced = false;
  /**
   * The last statement of a message that has a COPY FROM STDIN on its way: until the server has said whether that begins, nobody knows
   * what the client's messages are.
   */
  copy: Running | undefined;
  /** Counts Syncs and Queries. */
  number = 0;
  waitingBytes = 0;
  /** Groups whose statements were cancelled while they waited for their record. */
  private readonly cancelled = new Set<Group>();

  constructor(
    private readonly ctx: SessionContext,
    private readonly replies: Replies,
    private readonly holds: Holds,
    private readonly resume: () => void,
  ) {
    this.outgoing = new Outgoing(
      (frame) => {
        this.send(frame);
      },
      (answer) => {
        this.answer(answer);
      },
    );
    this.gather = new Gather(
      ctx,
      this.outgoing,
      (group, drafts, error) => {
        this.unrecorded(group, drafts, error);
      },
      (group) => {
        if (this.cancelled.delete(group)) this.refuseGroup(group, cancelled('sallyport:cancel'));
      },
      // There is room again: a client that was told to wait may go on.
      () => {
        this.resume();
      },
    );
  }

  enqueue(message: ClientMessage): void {
    this.inbox.push(message);
    this.waitingBytes += message.bytes.length;
  }

  /** Takes the message at the head off the queue and accounts for it. */
  account(message: ClientMessage): void {
    this.inbox.shift();
    this.waitingBytes -= message.bytes.length;
    this.gather.account(message.type, message.bytes);
    if (isSecret(message)) this.ctx.client.withhold(message.type, 'secret');
  }

  /** Gathers a message of the extended protocol. */
  forward(frame: OutFrame): void {
    this.unsynced = true;
    this.gather.send(frame);
    if (this.gather.isLarge) this.gather.flush();
  }

  get awaitingCopy(): boolean {
    return this.copy !== undefined && !this.copy.ended && this.replies.copying === undefined;
  }

  /** What waits here of the client's messages, decided or not. */
  get bytes(): number {
    return this.waitingBytes + this.outgoing.bytes;
  }

  /** The server owes nothing, and nothing is on its way to it. */
  get nothingOpen(): boolean {
    return this.replies.expected.length === 0 && this.outgoing.isEmpty && this.gather.isEmpty && !this.unsynced;
  }

  /** A Query or a Sync went: what comes next is a pipeline of its own. */
  ended(): void {
    this.unsynced = false;
    this.number++;
  }

  /** Cancels what waits for its record; true when there was a statement. */
  cancelWaiting(): boolean {
    const waiting = this.outgoing
      .waiting()
      .filter(({ frames }) => frames.some(({ expected }) => expected && runningOf(expected).length > 0));
    for (const group of waiting) this.cancelled.add(group);
    return waiting.length > 0;
  }

  /**
   * Puts an error in the place of a statement whose event was just begun: `alone` where nothing is open and the server need not know,
   * else raised by the server itself.
   */
  refuse(running: Running, refusal: Refusal, form: 'query' | 'parse', alone: boolean): void {
    const refused = this.refused(refusal, running);
    if (alone && this.ctx.state.transaction !== 'T') {
      this.gather.flush({ answer: { kind: 'refusal', running, refused, form } });
      if (form === 'parse') this.discarding = 'then-answer';
    } else {
      const { said, frame } = this.injection(running, refusal, form);
      this.gather.begin(said, 'later');
      this.gather.send(frame);
      this.unsynced = form === 'parse';
      // At once: a client that sent a Flush waits for the error before its Sync, and what comes until then is dropped.
      this.gather.flush();
      if (form === 'parse') this.discarding = 'then-forward';
    }
    if (form === 'query') this.ended();
  }

  private refused(refusal: Refusal, { n }: Running): Refused {
    return { error: refusalResponse(refusal, this.ctx.statementId(n)), sqlstate: refusal.sqlstate };
  }

  /** What makes the server fail in a statement's place, and the event that says so. */
  private injection(running: Running, refusal: Refusal, form: 'query' | 'parse'): { said: AnyDraft; frame: OutFrame } {
    const text = failingText(refusal, this.ctx.statementId(running.n));
    const bytes = form === 'query' ? injectedQuery(text) : injectedParse(text);
    return {
      said: { type: 'proxy.statement', data: { n: running.n, purpose: 'refusal', sql: text } },
      frame: { bytes, expected: { kind: 'refusal', form, running, refused: this.refused(refusal, running) } },
    };
  }

  private send({ bytes, expected }: OutFrame): void {
    if (expected) {
      const startedUs = this.ctx.port.micros();
      for (const running of runningOf(expected)) running.startedUs = startedUs;
      this.replies.expected.push(expected);
    }
    this.ctx.port.toServer(bytes);
  }

  private answer(answer: Answer): void {
    const { replies } = this;
    if (answer.kind === 'refusal') replies.refuse(answer.running, answer.refused);
    if (answer.kind === 'ready' || answer.form === 'query') replies.author(encodeReadyForQuery(this.ctx.state.transaction));
    replies.record();
    replies.flush();
  }

  /** The record of a group failed: none of it is sent, its statements are refused, and its bytes are accounted for as lost. */
  private unrecorded(group: Group, drafts: readonly AnyDraft[], error: LogFailed): void {
    for (const { type, data } of drafts) {
      if (type === 'statement.decided' && data.verdict === 'allow' && data.approval !== undefined)
        this.holds.giveBack(data.approval);
      // A hold that is not on record is nowhere that anybody could vote on it.
      if (type === 'statement.held') this.holds.leave(data.approval, 'withdrawn');
    }
    this.ctx.recordLost(drafts.flatMap(({ wire = [] }) => wire));
    this.refuseGroup(group, logBroken(error.sqlstate));
  }

  /** The session ends: what was not sent never will be. */
  abandon(): void {
    for (const { frames, answer } of this.outgoing.clear()) {
      for (const { expected } of frames) for (const running of expected ? runningOf(expected) : []) this.replies.skipped(running);
      if (answer?.kind === 'refusal') this.replies.skipped(answer.running);
    }
  }

  private refuseGroup(group: Group, refusal: Refusal): void {
    const { frames } = group;
    const statements = frames.flatMap(({ expected }) => (expected ? runningOf(expected) : []));
    const [first = newRunning(this.ctx.state.take(1)), ...others] = statements;
    if (group.answer) {
      if (group.answer.kind === 'refusal')
        group.answer = { ...group.answer, refused: this.refused(refusal, group.answer.running) };
      return;
    }
    for (const { expected } of [...frames].reverse()) if (expected) this.ctx.state.undo(expected);
    const last = frames.at(-1);
    const form =
      last?.expected?.kind === 'query' || (last?.expected?.kind === 'refusal' && last.expected.form === 'query')
        ? 'query'
        : 'parse';
    frames.length = 0;
    const { said, frame } = this.injection(first, refusal, form);
    this.ctx.port.record([said], 'linger');
    frames.push(frame);
    if (last?.expected?.kind === 'sync') frames.push(last);
    for (const running of statements) running.ended = true;
    for (const running of others) this.replies.skipped(running);
    this.resume();
  }
}
