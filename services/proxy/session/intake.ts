import { type Frame, UnexpectedMessage } from '#pgwire';
import { rangeBytes, type SessionContext } from './context.js';
import { CopyIn } from './copy-in.js';
import { Deciding } from './deciding.js';
import { Naming } from './naming.js';
import { type ClientMessage, isSecret, Pipeline } from './pipeline.js';
import type { Holds } from './port.js';
import { Portals } from './portals.js';
import { PreparedStatements } from './prepared-statements.js';
import { Readiness } from './readiness.js';
import { Reading } from './reading.js';
import { functionCall } from './refusal.js';
import type { Replies } from './replies.js';
import { SimpleQuery } from './simple-query.js';

/**
 * Takes the client's messages in order: each is decided on known state, recorded, and sent; or refused so that it looks like
 * Postgres.
 */
export class Intake {
  readonly pipeline: Pipeline;
  readonly copyIn: CopyIn;
  private readonly deciding: Deciding;
  private readonly readiness: Readiness;
  private readonly simple: SimpleQuery;
  private readonly statements: PreparedStatements;
  private readonly portals: Portals;
  private readonly naming: Naming;
  private paused = false;

  constructor(
    private readonly ctx: SessionContext,
    private readonly replies: Replies,
    holds: Holds,
  ) {
    const resume = (): void => {
      this.pump();
    };
    const pipeline = new Pipeline(ctx, replies, holds, resume);
    const deciding = new Deciding(ctx, pipeline, replies, holds, resume);
    const reading = new Reading(ctx, pipeline, deciding, resume);
    this.pipeline = pipeline;
    this.deciding = deciding;
    this.readiness = new Readiness(ctx, pipeline, deciding, resume);
    this.simple = new SimpleQuery(ctx, pipeline, deciding, reading);
    this.statements = new PreparedStatements(ctx, pipeline, deciding, reading);
    this.portals = new Portals(ctx, pipeline, deciding, reading, this.readiness, this.statements);
    this.naming = new Naming(ctx, pipeline);
    this.copyIn = new CopyIn(ctx, replies);
    ctx.recordClient = () => {
      this.copyIn.record();
    };
  }

  /** A message of the client. The frame is borrowed. */
  frame({ type, bytes }: Frame): void {
    this.pipeline.enqueue({ type, bytes });
  }

  /** Takes what can be taken. Call when a chunk of the client's stream is through, or something happened that messages wait for. */
  pump(): void {
    while (!this.pipeline.busy && !this.pipeline.over) {
      const message = this.pipeline.inbox.at(0);
      if (!message || !this.take(message)) break;
    }
    this.balance();
    if (!this.ctx.client.isEmpty) this.ctx.linger();
  }

  copyStarted(): void {
    this.copyIn.start();
    this.pump();
  }

  copyEnded(): void {
    this.copyIn.active = false;
    this.pump();
  }

  /** Puts what is accounted for of the client's stream on record. */
  record(): void {
    if (this.copyIn.active) this.copyIn.record();
    else if (!this.pipeline.busy && this.pipeline.gather.isEmpty) this.ctx.recordRange(this.ctx.client);
  }

  /** Ends a statement that was not sent yet; false when there is none. */
  cancel(): boolean {
    return this.deciding.cancel() || this.pipeline.cancelWaiting();
  }

  holdExpired(): void {
    this.deciding.expire();
  }

  /** Nothing more is taken: the client is gone, or the session ends. What arrived is accounted for. */
  stop(): void {
    this.pipeline.over = true;
    this.deciding.abandon();
    const { inbox } = this.pipeline;
    for (const running of this.pipeline.gather.drop()) this.replies.skipped(running);
    this.pipeline.gather.flush();
    this.pipeline.abandon();
    for (let message = inbox.at(0); message; message = inbox.at(0)) this.drop(message);
    this.ctx.recordRange(this.ctx.client);
  }

  /** Reads no more from a client that is far ahead of what can be decided. */
  private balance(): void {
    const full = this.pipeline.bytes > this.ctx.facts.limits.waitingBytes;
    if (full === this.paused) return;
    this.paused = full;
    if (full) this.ctx.port.pauseClient();
    else this.ctx.port.resumeClient();
  }

  /** Handles the message at the head; false when it has to wait for something that will pump again. */
  private take(message: ClientMessage): boolean {
    switch (message.type) {
      case 'X':
        this.terminate(message);
        return false;
      case 'S':
        return this.sync(message);
      case 'd':
      case 'c':
      case 'f':
        return this.copy(message);
      default:
    }
    if (this.copyIn.active) {
      if (message.type !== 'H') this.copyIn.interrupt(message.type);
      return this.drop(message);
    }
    if (this.pipeline.discarding !== 'nothing') return this.drop(message);
    if (this.pipeline.awaitingCopy) return false;
    return this.handle(message);
  }

  private handle(message: ClientMessage): boolean {
    switch (message.type) {
      case 'Q':
        if (this.readiness.known(message, 'query')) this.simple.query(message);
        break;
      case 'P':
        if (this.readiness.known(message, 'parse')) this.statements.parse(message);
        break;
      case 'B':
        if (this.readiness.known(message, 'bind')) this.portals.bind(message);
        break;
      case 'E':
        this.portals.execute(message);
        break;
      case 'D':
        this.naming.describe(message);
        break;
      case 'C':
        if (this.readiness.known(message, 'parse')) this.naming.close(message);
        break;
      case 'H':
        this.pipeline.account(message);
        this.pipeline.gather.send({ bytes: message.bytes });
        this.pipeline.gather.flush();
        break;
      case 'F':
        this.deciding.refuse({ message, form: 'call' }, functionCall);
        break;
      default:
        throw new UnexpectedMessage(message.type);
    }
    return !this.pipeline.busy && this.pipeline.inbox.at(0) !== message;
  }

  private terminate(message: ClientMessage): void {
    this.pipeline.over = true;
    this.pipeline.account(message);
    this.pipeline.gather.send({ bytes: message.bytes });
    this.pipeline.gather.flush({
      sent: () => {
        this.ctx.port.end('client-terminated');
      },
    });
  }

  private sync(message: ClientMessage): boolean {
    const { pipeline } = this;
    if (pipeline.awaitingCopy) return false;
    pipeline.account(message);
    if (this.copyIn.active) return true; // as the server does: it was sent before it was known that data is wanted
    if (pipeline.discarding === 'then-answer') {
      pipeline.gather.flush({ answer: { kind: 'ready' } });
    } else {
      pipeline.gather.send({ bytes: message.bytes, expected: { kind: 'sync' } });
      pipeline.gather.flush();
    }
    pipeline.discarding = 'nothing';
    pipeline.ended();
    return true;
  }

  private copy(message: ClientMessage): boolean {
    const { pipeline, copyIn } = this;
    if (pipeline.awaitingCopy) return false;
    if (!copyIn.active) return this.drop(message); // of a COPY that has ended already: the server ignores these, too
    pipeline.inbox.shift();
    pipeline.waitingBytes -= message.bytes.length;
    if (message.type === 'd') {
      copyIn.data(message.bytes);
      return true;
    }
    if (message.type === 'f') {
      copyIn.fail(message.bytes);
      return true;
    }
    pipeline.busy = true;
    copyIn.done(message.bytes, () => {
      pipeline.busy = false;
      this.pump();
    });
    return false;
  }

  private drop(message: ClientMessage): boolean {
    // In a range of its own: it must not take the text before it along.
    if (isSecret(message)) this.pipeline.gather.begin({ type: 'wire.recorded', data: {} }, 'later');
    this.pipeline.account(message);
    if (this.ctx.client.size > rangeBytes) {
      this.pipeline.gather.flush();
      this.ctx.recordRange(this.ctx.client);
    }
    return true;
  }
}
