import { canonical, type Durability, type EventOf } from '#events';
import { binding, type Bound, type BoundParameter } from '#approvals';
import type { Decision, HoldDecision } from '#policy';
import type { SessionContext } from './context.js';
import { hasRoomForName } from './event-size.js';
import { Holding } from './holding.js';
import { forwardedAs, forwardedPart, maskingRefusal, prepareAgain } from './masking.js';
import { type Meaning, nothing } from './meaning.js';
import type { ClientMessage, Pipeline } from './pipeline.js';
import type { AnyDraft, HeldFacts, Holds } from './port.js';
import * as refusals from './refusal.js';
import type { Refusal } from './refusal.js';
import type { Replies } from './replies.js';
import { newRunning, type Prepared } from './running.js';
import { recordedRun, runOf } from './run-context.js';
import { wider } from './state.js';

type Form = EventOf<'statement.decided'>['data']['form'];

/** The message at the head of the queue, and what it asks for. */
interface Subject {
  readonly message: ClientMessage;
  readonly form: Form;
  readonly meaning: Meaning;
  readonly prepared?: Prepared;
  readonly portal?: string;
  /** Its text, where it has been read. */
  readonly sql?: Buffer;
}

/** A statement to be decided. */
export interface Asked extends Subject {
  readonly sql: Buffer;
  readonly parameters: readonly BoundParameter[];
  /** What it means on the state of a later moment. */
  readonly renew: () => Meaning | { readonly refusal: Refusal };
  /** Puts it on its way, its decision being on the way to the record. */
  readonly send: (n: number, meaning: Meaning) => void;
}

/** Whether the message's bytes are accounted for already, by the event that opened its hold. */
type Bytes = 'to-account' | 'accounted';

/** Decides what is asked, and sees that the decision is on record before anything comes of it. */
export class Deciding {
  private readonly holding: Holding;

  constructor(
    private readonly ctx: SessionContext,
    private readonly pipeline: Pipeline,
    private readonly replies: Replies,
    holds: Holds,
    private readonly resume: () => void,
  ) {
    this.holding = new Holding(ctx, holds);
  }

  decide(asked: Asked): void {
    const { state, judge } = this.ctx;
    if (state.transaction === 'E' && this.pipeline.nothingOpen && !asked.meaning.endsTransaction) {
      this.refuse(asked, refusals.aborted);
      return;
    }
    if (!isRecordable(asked)) {
      this.refuse(asked, refusals.tooLong);
      return;
    }
    const decision = judge.decide(asked.meaning.decides, runOf(this.ctx, asked.sql));
    const { masking } = asked.meaning;
    if (masking.kind === 'refused' && decision.verdict !== 'deny') {
      this.refuse(asked, (id) => maskingRefusal(masking, id));
      return;
    }
    if (this.isOnlyToldOf(decision)) {
      this.refuse(asked, (id) => refusals.rehearsed(decision, id));
      return;
    }
    switch (decision.verdict) {
      case 'allow':
        // The empty string is a statement, too: it is answered.
        this.allow(asked, asked.meaning, decision, state.take(Math.max(1, asked.meaning.parts.length)), 'to-account');
        return;
      case 'deny':
        this.refuse(asked, (id) => refusals.denied(decision.rule, decision.reason, id));
        return;
      case 'hold':
        this.hold(asked, decision);
    }
  }

  /** Refuses the message at the head. */
  refuse(subject: Omit<Subject, 'meaning'> & Partial<Subject>, refusal: Refusal | ((statement: string) => Refusal)): void {
    const { message, form, meaning = nothing } = subject;
    if (!isRecordable({ ...subject, meaning })) {
      this.refuseAs({ message, form, meaning: nothing }, this.ctx.state.take(1), refusals.tooLong, 'to-account');
      return;
    }
    const n = this.ctx.state.take(Math.max(1, meaning.parts.length));
    const told = typeof refusal === 'function' ? refusal(this.ctx.statementId(n)) : refusal;
    this.refuseAs({ ...subject, meaning }, n, told, 'to-account');
  }

  /** Frees a statement that waits for a human; true when there was one. */
  cancel(): boolean {
    return this.holding.end('cancelled');
  }

  expire(): void {
    this.holding.end('expired');
  }

  /** The session ends: nobody waits any more. */
  abandon(): void {
    this.holding.leave();
  }

  private allow(asked: Asked, meaning: Meaning, decision: Decision, n: number, bytes: Bytes, approval?: string): void {
    const { state } = this.ctx;
    state.change(meaning.changes);
    state.changedInTransaction = wider(state.changedInTransaction, meaning.changes);
    if (meaning.changes !== 'nothing' && meaning.changesCatalog) state.catalogStale = true;
    const { masking } = meaning;
    const outcome = {
      verdict: 'allow',
      ...(decision.durability && { durability: decision.durability }),
      rule: decision.rule,
      ...(approval !== undefined && { approval }),
      ...(masking.kind === 'rewritten' && { masked: [...masking.masked] }),
    } as const;
    const decided = this.decided({ ...asked, meaning }, n, outcome);
    const draft = asked.form === 'query' ? { ...decided, ...forwardedPart(masking, asked.message) } : decided;
    // What only gives back resources passes even while the log is broken.
    this.pipeline.gather.begin(draft, meaning.onlyFrees ? 'later' : 'awaited');
    if (bytes === 'to-account') this.pipeline.account(asked.message);
    asked.send(n, meaning);
  }

  /** The client asked what would become of it, and for nothing else. */
  private isOnlyToldOf({ verdict }: Decision): boolean {
    const { mode } = this.ctx.facts;
    return (mode === 'explain' && verdict !== 'deny') || (mode === 'ask' && verdict === 'allow');
  }

  private hold(asked: Asked, decision: HoldDecision): void {
    const { ctx, pipeline, replies } = this;
    const { mode = 'wait' } = ctx.facts;
    const n = ctx.state.take(Math.max(1, asked.meaning.parts.length));
    const id = ctx.statementId(n);
    // Nobody's locks wait for a human: only where nothing is open upstream.
    const canWait =
      decision.mode === 'wait' &&
      mode === 'wait' &&
      ctx.state.transaction === 'I' &&
      replies.expected.length === 0 &&
      pipeline.outgoing.isEmpty &&
      !pipeline.gather.hasStatements;
    const answer = this.holding.ask({ bound: this.bound(asked, asked.meaning), decision }, canWait ? 'can-wait' : 'cannot-wait');
    const refuse = (refusal: Refusal, opened: readonly AnyDraft[] = []): void => {
      this.refuseAs(asked, n, refusal, 'to-account', opened);
    };
    switch (answer.kind) {
      case 'granted':
        if (mode === 'ask') {
          this.holding.giveBack(answer.approval);
          refuse(refusals.rehearsed({ ...decision, verdict: 'allow' }, id));
        } else this.allow(asked, asked.meaning, decision, n, 'to-account', answer.approval);
        return;
      case 'denied':
        refuse(refusals.denied(decision.rule, 'an approver denied it', id));
        return;
      case 'pending':
        refuse(refusals.heldForRetry(decision.rule, id, answer.held, 'it waits for approval'));
        return;
      case 'opened':
        if (canWait) this.wait(asked, decision, n, answer.held);
        else
          refuse(refusals.heldForRetry(decision.rule, id, answer.held, 'it needs approval'), [
            heldEvent(answer.held, n, 'retry'),
          ]);
    }
  }

  private bound({ sql, parameters }: Asked, { facts, named }: Meaning): Bound {
    const { facts: session, judge, state } = this.ctx;
    const { target, database, principal, actors, run } = session;
    // What a comment says is of the text already.
    const by = { issuer: principal.issuer, subject: principal.subject, actors, ...(run.run && { run: run.run.value }) };
    const reaches = facts.map(({ reads, writes, functions }) => ({ reads, writes, functions }));
    return {
      sql,
      parameters,
      role: state.role,
      target,
      database,
      searchPath: state.searchPath,
      policy: judge.policy,
      by,
      reaches: canonical(reaches),
      named,
    };
  }

  private wait(asked: Asked, decision: HoldDecision, n: number, held: HeldFacts): void {
    const { ctx, pipeline } = this;
    const { approval, approvers, until } = held;
    const id = ctx.statementId(n);
    pipeline.gather.begin(
      this.decided(asked, n, { verdict: 'hold', rule: decision.rule, reason: decision.reason, approval }),
      'awaited',
    );
    pipeline.account(asked.message);
    pipeline.busy = true;
    const refuse = (refusal: Refusal, opened: readonly AnyDraft[] = []): void => {
      this.done(() => {
        this.refuseAs(asked, n, refusal, 'accounted', opened);
      });
    };
    const drafts = pipeline.gather.recordOnly([heldEvent(held, n, 'wait')], (error) => {
      if (error) {
        this.holding.leave();
        ctx.recordLost(drafts.flatMap(({ wire = [] }) => wire));
        refuse(refusals.logBroken(error.sqlstate));
        return;
      }
      const waitMs = Math.max(0, Math.min(decision.waitMs, until - ctx.port.now()));
      this.replies.author(refusals.heldNotice(id, decision.rule, approval, approvers, waitMs));
      this.replies.flush();
      this.holding.wait(waitMs, (outcome) => {
        switch (outcome) {
          case 'granted':
            this.done(() => {
              this.granted(asked, n, held);
            });
            return;
          case 'denied':
            refuse(refusals.denied(decision.rule, 'an approver denied it', id));
            return;
          case 'cancelled':
            refuse(refusals.cancelled(decision.rule));
            return;
          case 'expired':
            // The approval lives on: who sends the same again may use it.
            refuse(refusals.heldForRetry(decision.rule, id, held, 'nobody has decided yet'), [heldEvent(held, n, 'retry')]);
        }
      });
    });
  }

  private done(then: () => void): void {
    this.pipeline.busy = false;
    then();
    this.resume();
  }

  /** Approved: decided again, on the state and the policy of this moment. */
  private granted(asked: Asked, n: number, { approval, binding: bind }: HeldFacts): void {
    const meaning = asked.renew();
    if ('refusal' in meaning) {
      this.refuseAs(asked, n, meaning.refusal, 'accounted');
      return;
    }
    if (meaning.isTooLong) {
      this.refuseAs({ ...asked, meaning: nothing }, n, refusals.tooLong, 'accounted');
      return;
    }
    const decision = this.ctx.judge.decide(meaning.decides, runOf(this.ctx, asked.sql));
    if (decision.verdict === 'deny') {
      const refusal = refusals.denied(decision.rule, decision.reason, this.ctx.statementId(n));
      this.refuseAs({ ...asked, meaning }, n, refusal, 'accounted');
      return;
    }
    const whole = { from: 0, to: asked.sql.length };
    if (forwardedAs(meaning.masking, whole) !== forwardedAs(asked.meaning.masking, whole)) {
      this.refuseAs({ ...asked, meaning }, n, prepareAgain, 'accounted');
      return;
    }
    if (binding(this.bound(asked, meaning)) !== bind) {
      this.refuseAs({ ...asked, meaning }, n, refusals.changedSinceAsked, 'accounted');
      return;
    }
    this.allow(asked, meaning, decision, n, 'accounted', approval);
  }

  private refuseAs(subject: Subject, n: number, refusal: Refusal, bytes: Bytes, opened: readonly AnyDraft[] = []): void {
    const { pipeline } = this;
    const { verdict, rule, reason, sqlstate, approval } = refusal;
    const isQuery = subject.form === 'query' || subject.form === 'call';
    if (isQuery) pipeline.gather.flush();
    const alone = pipeline.nothingOpen;
    const outcome = { verdict, rule, reason, sqlstate, ...(approval !== undefined && { approval }) };
    pipeline.gather.begin(this.decided(subject, n, outcome), 'awaited');
    if (bytes === 'to-account') pipeline.account(subject.message);
    for (const draft of opened) pipeline.gather.begin(draft, 'awaited');
    pipeline.refuse(newRunning(n), refusal, isQuery ? 'query' : 'parse', alone);
  }

  private decided(
    { form, meaning, prepared, portal, sql }: Subject,
    n: number,
    outcome: Partial<DecidedData> & Pick<DecidedData, 'verdict' | 'rule'>,
  ): AnyDraft {
    const { facts, judge, state } = this.ctx;
    // Written out, and absent members undefined: spread together, this costs more than all of the decision.
    const data: DecidedData = {
      n,
      count: Math.max(1, meaning.parts.length),
      form,
      prepared: prepared?.n,
      portal,
      verdict: outcome.verdict,
      rule: outcome.rule,
      reason: outcome.reason,
      sqlstate: outcome.sqlstate,
      approval: outcome.approval,
      policy: judge.policy,
      analyzer: judge.analyzer,
      durability: stronger(facts.durability, outcome.durability),
      on: state.decidedOn(judge.catalog),
      statements: [...meaning.facts],
      masked: outcome.masked,
      run: recordedRun(runOf(this.ctx, sql)),
    };
    return { type: 'statement.decided', data };
  }
}

const isRecordable = ({ meaning, portal = '' }: Subject): boolean => !meaning.isTooLong && hasRoomForName(portal);

type DecidedData = EventOf<'statement.decided'>['data'];

const heldEvent = (held: HeldFacts, n: number, mode: 'wait' | 'retry'): AnyDraft => ({
  type: 'statement.held',
  data: { ...held, n, mode },
});

const classes: readonly Durability[] = ['buffered', 'overlap', 'strict', 'replicated'];

/** The target's class, or more where a rule asks for it. */
const stronger = (own: Durability, asked: Durability = own): Durability =>
  classes.indexOf(asked) > classes.indexOf(own) ? asked : own;
