import { decodeParse } from '#pgwire';
import type { SessionContext } from './context.js';
import type { Deciding } from './deciding.js';
import { hasRoom, hasRoomForName } from './event-size.js';
import {
  forwardedAs,
  forwardedParse,
  forwardedPart,
  hasUserType,
  maskingRefusal,
  prepareAgain,
  userTypeRefused,
} from './masking.js';
import type { Meaning } from './meaning.js';
import type { ClientMessage, Pipeline } from './pipeline.js';
import type { Reading } from './reading.js';
import * as refusals from './refusal.js';
import type { Refusal } from './refusal.js';
import { meaningOf } from './resolution.js';
import { runOf } from './run-context.js';
import type { Prepared } from './running.js';

/** Parse: what is made by it is decided on again whenever it is bound. */
export class PreparedStatements {
  constructor(
    private readonly ctx: SessionContext,
    private readonly pipeline: Pipeline,
    private readonly deciding: Deciding,
    private readonly reading: Reading,
  ) {}

  parse(message: ClientMessage): void {
    const { name, sql, parameterTypes } = decodeParse(message.bytes);
    this.reading.analyse(message, 'parse', sql, (written) => {
      if (written.length > 1) {
        this.deciding.refuse({ message, form: 'parse' }, refusals.severalInParse);
        return;
      }
      this.reading.read(message, 'parse', written, sql, parameterTypes, (meaning) => {
        const decision = this.ctx.judge.decide(meaning.decides, runOf(this.ctx, sql));
        // A hold begins at Bind, when there are parameters to show.
        if (decision.verdict === 'deny') {
          this.deciding.refuse({ message, form: 'parse', meaning, sql }, (id) =>
            refusals.denied(decision.rule, decision.reason, id),
          );
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
        const made = { name, sql, written, meaning, parameterTypes };
        if (hasRoomForName(name) && hasRoom({ parameterTypes, facts: meaning.facts })) this.prepare(message, made);
        else this.deciding.refuse({ message, form: 'parse' }, refusals.tooLong);
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
        ...forwardedPart(masking, message),
      },
      made.meaning.onlyFrees ? 'later' : 'awaited',
    );
    pipeline.account(message);
    const bytes = forwardedParse(masking, made.name, made.parameterTypes, message.bytes);
    pipeline.forward({ bytes, expected: { kind: 'parse', prepared, before } });
  }

  /** What a prepared statement means now: resolved again when anything that its names depend on has changed. */
  renewed(prepared: Prepared): Meaning | { readonly refusal: Refusal } {
    const { state } = this.ctx;
    const { catalog, masking } = this.ctx.judge;
    // What an EXECUTE runs is whatever has its name at that moment.
    if (prepared.epoch === state.epoch && prepared.catalog === catalog && !prepared.meaning.namesStatement)
      return prepared.meaning;
    const meaning = meaningOf(this.ctx, prepared.written, prepared.sql, prepared.parameterTypes);
    if ('refusal' in meaning) return meaning;
    // What the server holds is the text as it was masked then.
    if (masking && prepared.forwarded !== forwardedAs(meaning.masking, wholeText(prepared.sql))) return { refusal: prepareAgain };
    prepared.meaning = meaning;
    prepared.epoch = state.epoch;
    prepared.catalog = catalog;
    return meaning;
  }
}

const wholeText = (sql: Buffer): { from: number; to: number } => ({ from: 0, to: sql.length });
