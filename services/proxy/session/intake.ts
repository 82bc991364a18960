import type { BoundParameter } from '#approvals';
import {
  type Bind,
  decodeBind,
  decodeClose,
  decodeDescribe,
  decodeExecute,
  decodeParse,
  decodeQuery,
  type Frame,
  request,
} from '#pgwire';
import { isFaithful } from '#masking';
import type { Written } from '#sql';
import type { SessionContext } from './context.js';
import { CopyIn } from './copy-in.js';
import { type Asked, Deciding } from './deciding.js';
import {
  forwardedAs,
  forwardedParse,
  forwardedPart,
  forwardedQuery,
  hasUserType,
  maskingRefusal,
  prepareAgain,
  unfaithful,
  userTypeRefused,
} from './masking.js';
import { type Meaning, meaningOf } from './meaning.js';
import { type ClientMessage, Pipeline } from './pipeline.js';
import type { Holds } from './port.js';
import * as refusals from './refusal.js';
import type { Refusal } from './refusal.js';
import type { Replies } from './replies.js';
import { newRunning, type Portal, type Prepared } from './running.js';

const noText = Buffer.alloc(0);

/**
 * Takes the client's messages in order: each is decided on known state, recorded, and sent; or refused so that it looks like
 * Postgres.
 */
export class Intake {
  readonly pipeline: Pipeline;
  readonly copyIn: CopyIn;
  private readonly deciding: Deciding;
  private paused = false;
  /** The message that the catalog was last read again for. */
  private renewedFor: ClientMessage | undefined;
  private over = false;

  constructor(
    private readonly ctx: SessionContext,
    private readonly replies: Replies,
    holds: Holds,
  ) {
    this.pipeline = new Pipeline(ctx, replies, holds, () => {
      this.pump();
    });
    this.copyIn = new CopyIn(ctx, replies);
    ctx.recordClient = () => {
      this.copyIn.record();
    };
    this.deciding = new Deciding(ctx, this.pipeline, replies, holds, () => {
      this.pump();
    });
  }

  /** A message of the client. The frame is borrowed. */
  frame({ type, bytes }: Frame): void {
    this.pipeline.enqueue({ type, bytes });
  }

  /** Takes what can be taken. Call when a chunk of the client's stream is through, or something happened that messages wait for. */
  pump(): void {
    while (!this.pipeline.busy && !this.over) {
      const [message] = this.pipeline.inbox;
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
    this.over = true;
    this.deciding.abandon();
    while (this.pipeline.inbox[0]) this.pipeline.account(this.pipeline.inbox[0]);
    for (const running of this.pipeline.gather.drop()) this.replies.skipped(running);
    this.pipeline.gather.flush();
    this.pipeline.abandon();
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
        if (this.known(message, 'query')) this.query(message);
        break;
      case 'P':
        if (this.known(message, 'parse')) this.parse(message);
        break;
      case 'B':
        if (this.known(message, 'bind')) this.bind(message);
        break;
      case 'E':
        this.execute(message);
        break;
      case 'D':
        this.describe(message);
        break;
      case 'C':
        if (this.known(message, 'parse')) this.close(message);
        break;
      case 'H':
        this.pipeline.account(message);
        this.pipeline.gather.send({ bytes: message.bytes });
        this.pipeline.gather.flush();
        break;
      case 'F':
        this.deciding.refuse({ message, form: 'call' }, refusals.functionCall);
        break;
      default:
        this.over = true;
        this.ctx.port.end('protocol-error', `a message of type ${message.type} has no place here`);
    }
    return !this.pipeline.busy && this.pipeline.inbox[0] !== message;
  }

  /**
   * Whether a decision can be made now: nothing in flight may change what it reads. If that cannot settle before the client syncs,
   * the message is refused.
   */
  private known(message: ClientMessage, form: Asked['form']): boolean {
    const { pipeline } = this;
    const { state, judge } = this.ctx;
    if (!state.unsettled) return this.renewedFor === message || !judge.isStale || this.renewCatalog(message);
    if (state.transaction === 'E' && pipeline.nothingOpen) return true; // only the end of the transaction will pass
    if (pipeline.unsynced || !pipeline.gather.isEmpty) this.deciding.refuse({ message, form }, refusals.stateInFlight);
    return false;
  }

  /**
   * The catalog is older than decisions may rest on: it is read again before this one. What was read since the message came is new
   * enough for it, however long the reading took.
   */
  private renewCatalog(message: ClientMessage): false {
    const { pipeline } = this;
    pipeline.busy = true;
    this.renewedFor = message;
    this.ctx.port.refreshCatalog((error) => {
      pipeline.busy = false;
      if (this.over) return;
      if (error) this.ctx.broken('the catalog cannot be read');
      else this.pump();
    });
    return false;
  }

  private terminate(message: ClientMessage): void {
    this.over = true;
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
    this.pipeline.account(message);
    return true;
  }

  private query(message: ClientMessage): void {
    const { sql } = decodeQuery(message.bytes);
    this.pipeline.gather.flush();
    this.analyse(message, 'query', sql, (written) => {
      this.read(message, 'query', written, sql, [], (meaning) => {
        this.deciding.decide({
          message,
          form: 'query',
          meaning,
          sql,
          parameters: [],
          renew: () => meaningOf(this.ctx, written, sql),
          send: (n, meant) => {
            const { parts, copiesIn, masking } = meant;
            const statements = parts.map((part, i) =>
              newRunning(
                n + i,
                () => {
                  part.applied(n + i);
                },
                meant,
                i,
              ),
            );
            if (statements.length === 0) statements.push(newRunning(n)); // the empty string is answered, too
            const bytes = forwardedQuery(masking, message.bytes);
            this.pipeline.gather.send({ bytes, expected: { kind: 'query', statements, at: 0 } });
            if (copiesIn) this.pipeline.copy = statements.at(-1);
            this.pipeline.gather.flush();
            this.pipeline.ended();
          },
        });
      });
    });
  }

  private parse(message: ClientMessage): void {
    const { name, sql, parameterTypes } = decodeParse(message.bytes);
    this.analyse(message, 'parse', sql, (written) => {
      if (written.length > 1) {
        this.deciding.refuse({ message, form: 'parse' }, refusals.severalInParse);
        return;
      }
      this.read(message, 'parse', written, sql, parameterTypes, (meaning) => {
        const decision = this.ctx.judge.decide(meaning.decides);
        // A hold begins at Bind, when there are parameters to show.
        if (decision.verdict === 'deny') {
          this.deciding.refuse({ message, form: 'parse', meaning }, (id) => refusals.denied(decision.rule, decision.reason, id));
          return;
        }
        const { masking } = meaning;
        if (masking.kind === 'refused') {
          this.deciding.refuse({ message, form: 'parse', meaning }, (id) => maskingRefusal(masking, id));
          return;
        }
        if (this.ctx.judge.masking && hasUserType(parameterTypes)) {
          this.deciding.refuse({ message, form: 'parse', meaning }, userTypeRefused);
          return;
        }
        this.prepare(message, { name, sql, written, meaning, parameterTypes });
      });
    });
  }

  private prepare(message: ClientMessage, made: Pick<Prepared, 'name' | 'sql' | 'written' | 'meaning' | 'parameterTypes'>): void {
    const { pipeline } = this;
    const { state } = this.ctx;
    const n = state.take(1);
    const { masking } = made.meaning;
    const prepared: Prepared = {
      ...made,
      n,
      pipeline: pipeline.number,
      settled: false,
      columns: undefined,
      epoch: state.epoch,
      catalog: this.ctx.judge.catalog,
      forwarded: forwardedAs(masking, wholeText(made.sql)),
    };
    const before = state.prepared.get(made.name);
    state.prepared.set(made.name, prepared);
    state.namesEpoch++;
    pipeline.gather.begin(
      {
        type: 'statement.prepared',
        data: { n, name: made.name, parameterTypes: [...made.parameterTypes], statements: [...made.meaning.facts] },
        ...forwardedPart(masking),
      },
      made.meaning.onlyFrees ? 'later' : 'awaited',
    );
    pipeline.account(message);
    const bytes = forwardedParse(masking, made.name, made.parameterTypes, message.bytes);
    pipeline.forward({ bytes, expected: { kind: 'parse', prepared, before } });
  }

  private bind(message: ClientMessage): void {
    const bound = decodeBind(message.bytes);
    const { portal: name, statement } = bound;
    const { state } = this.ctx;
    const prepared = state.prepared.get(statement);
    if (!prepared) {
      const what = statement === '' ? 'unnamed prepared statement' : `prepared statement "${statement}"`;
      this.deciding.refuse({ message, form: 'bind' }, refusals.unknownName('26000', what));
      return;
    }
    // Whether its Parse succeeded is not known yet: within its own pipeline a failure skips this Bind, behind a Sync it would not.
    if (!prepared.settled && prepared.pipeline !== this.pipeline.number) return;
    this.meant(message, 'bind', this.renewed(prepared), (meaning) => {
      this.deciding.decide({
        message,
        form: 'bind',
        meaning,
        sql: prepared.sql,
        parameters: parametersOf(bound, prepared.parameterTypes),
        prepared,
        portal: name,
        renew: () => this.renewed(prepared),
        send: (n, now) => {
          const running = newRunning(
            n,
            () => {
              now.parts[0]?.applied(n);
            },
            now,
          );
          const portal: Portal = {
            name,
            meaning: now,
            prepared,
            running,
            executed: false,
            names: state.namesEpoch,
            changes: state.changes,
            columns: prepared.columns,
            described: false,
          };
          state.portals.set(name, portal);
          this.pipeline.forward({ bytes: message.bytes, expected: { kind: 'bind', portal } });
        },
      });
    });
  }

  /** What a prepared statement means now: resolved again when anything that its names depend on has changed. */
  private renewed(prepared: Prepared): Meaning | { readonly refusal: Refusal } {
    const { state } = this.ctx;
    const { catalog, masking } = this.ctx.judge;
    if (prepared.epoch === state.epoch && prepared.catalog === catalog) return prepared.meaning;
    const meaning = meaningOf(this.ctx, prepared.written, prepared.sql, prepared.parameterTypes);
    if ('refusal' in meaning) return meaning;
    // What the server holds is the text as it was masked then.
    if (masking && prepared.forwarded !== forwardedAs(meaning.masking, wholeText(prepared.sql))) return { refusal: prepareAgain };
    prepared.meaning = meaning;
    prepared.epoch = state.epoch;
    prepared.catalog = catalog;
    return meaning;
  }

  private execute(message: ClientMessage): void {
    const { portal: name } = decodeExecute(message.bytes);
    const { pipeline } = this;
    const portal = this.ctx.state.portals.get(name);
    if (!portal) {
      this.deciding.refuse({ message, form: 'execute' }, refusals.unknownName('34000', `portal "${name}"`));
      return;
    }
    if (!portal.executed) {
      // What a name stands for may have changed since the Bind that was decided: COPY, PREPARE and EXECUTE look theirs up only now.
      const { state } = this.ctx;
      if (portal.changes !== state.changes || (portal.meaning.namesStatement && portal.names !== state.namesEpoch)) {
        this.deciding.refuse({ message, form: 'execute' }, refusals.stateInFlight);
        return;
      }
      if (portal.meaning.changesState) {
        state.unsettled = true;
        state.changes++;
      }
      portal.executed = true;
      pipeline.account(message);
      this.run(message, portal);
      if (portal.meaning.copiesIn) {
        // What follows waits to hear whether the server takes data; so this must go now.
        pipeline.copy = portal.running;
        pipeline.gather.flush();
      }
      return;
    }
    // More rows of a suspended portal, or of an SQL cursor: a statement of its own, decided by what it was bound to.
    if (!this.known(message, 'execute')) return;
    this.deciding.decide({
      message,
      form: 'execute',
      meaning: portal.meaning,
      sql: portal.prepared?.sql ?? noText,
      parameters: [],
      portal: name,
      renew: () => portal.meaning,
      send: (n) => {
        portal.running = newRunning(n, undefined, portal.meaning);
        this.run(message, portal);
      },
    });
  }

  /** On a target with masks no row passes before its tags were seen: a portal that the client did not describe, the proxy does. */
  private run(message: ClientMessage, portal: Portal): void {
    const { pipeline } = this;
    const { running, name } = portal;
    if (this.ctx.judge.masking && !portal.described) {
      portal.described = true;
      pipeline.forward({ bytes: request.describe({ of: 'portal', name }), expected: { kind: 'tags', portal } });
    }
    running.columns = portal.columns;
    pipeline.forward({ bytes: message.bytes, expected: { kind: 'execute', running, portal } });
  }

  private describe(message: ClientMessage): void {
    const { of, name } = decodeDescribe(message.bytes);
    const { state } = this.ctx;
    const portal = of === 'portal' ? state.portals.get(name) : undefined;
    if (portal) portal.described = true;
    const described = portal ?? (of === 'statement' ? state.prepared.get(name) : undefined);
    this.pipeline.account(message);
    this.pipeline.forward({ bytes: message.bytes, expected: { kind: 'describe', of: described } });
  }

  private close(message: ClientMessage): void {
    const { of, name } = decodeClose(message.bytes);
    const { state } = this.ctx;
    this.pipeline.account(message);
    const closed = of === 'statement' ? state.prepared.get(name) : undefined;
    if (of === 'portal') state.portals.delete(name);
    else state.prepared.delete(name);
    state.namesEpoch++;
    this.pipeline.forward({ bytes: message.bytes, expected: { kind: 'close', closed } });
  }

  /** Parses; the message stays at the head until it is known what it says. */
  private analyse(
    message: ClientMessage,
    form: Asked['form'],
    sql: Buffer,
    then: (written: readonly Written[]) => void,
    otherwise?: () => void,
  ): void {
    const { pipeline } = this;
    let answeredAtOnce = true;
    pipeline.busy = true;
    this.ctx.port.parse(sql, (parsed) => {
      pipeline.busy = false;
      if (this.over) return;
      if (parsed.kind === 'statements') then(parsed.statements);
      else if (otherwise) otherwise();
      else if (parsed.kind === 'syntax-error')
        this.deciding.refuse({ message, form }, refusals.syntaxError(parsed.message, parsed.position));
      else this.deciding.refuse({ message, form }, refusals.unreadable(parsed.reason));
      if (!answeredAtOnce) this.pump();
    });
    answeredAtOnce = false;
  }

  /** What a text means; one that masks rewrote is parsed again and compared first. */
  private read(
    message: ClientMessage,
    form: Asked['form'],
    written: readonly Written[],
    sql: Buffer,
    parameterTypes: readonly number[],
    then: (meaning: Meaning) => void,
  ): void {
    this.meant(message, form, meaningOf(this.ctx, written, sql, parameterTypes), (meaning) => {
      const { masking } = meaning;
      if (masking.kind !== 'rewritten') {
        then(meaning);
        return;
      }
      this.analyse(
        message,
        form,
        masking.text,
        (again) => {
          if (isFaithful(written, again, masking.splices)) then(meaning);
          else this.deciding.refuse({ message, form, meaning }, unfaithful);
        },
        () => {
          this.deciding.refuse({ message, form, meaning }, unfaithful);
        },
      );
    });
  }

  private meant(
    message: ClientMessage,
    form: Asked['form'],
    meaning: Meaning | { readonly refusal: Refusal },
    then: (meaning: Meaning) => void,
  ): void {
    if ('refusal' in meaning) this.deciding.refuse({ message, form }, meaning.refusal);
    else then(meaning);
  }
}

function parametersOf({ parameters, parameterFormats }: Bind, types: readonly number[]): BoundParameter[] {
  return parameters.map((value, i) => ({
    type: types[i] ?? 0,
    format: (parameterFormats.length > 1 ? parameterFormats[i] : parameterFormats[0]) === 'binary' ? 1 : 0,
    value,
  }));
}

const wholeText = (sql: Buffer): { from: number; to: number } => ({ from: 0, to: sql.length });
