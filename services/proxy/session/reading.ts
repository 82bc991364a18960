import { isFaithful } from '#masking';
import type { Written } from '#sql';
import type { SessionContext } from './context.js';
import type { Asked, Deciding } from './deciding.js';
import { unfaithful } from './masking.js';
import type { Meaning } from './meaning.js';
import { type ClientMessage, isSecret, type Pipeline } from './pipeline.js';
import * as refusals from './refusal.js';
import type { Refusal } from './refusal.js';
import { meaningOf } from './resolution.js';
import { awaitsName } from './scope.js';

/** What the text of a message says, and what it means; one of which that cannot be told is refused. */
export class Reading {
  constructor(
    private readonly ctx: SessionContext,
    private readonly pipeline: Pipeline,
    private readonly deciding: Deciding,
    private readonly resume: () => void,
  ) {}

  /** Parses; the message stays at the head until it is known what it says. */
  analyse(
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
      if (pipeline.over) return;
      if (parsed.kind === 'statements') message.secret ??= parsed.statements.some(({ secret }) => secret === true);
      if (parsed.kind === 'statements') then(parsed.statements);
      else if (otherwise) otherwise();
      else if (parsed.kind === 'syntax-error')
        this.deciding.refuse(
          { message, form },
          refusals.syntaxError(isSecret(message) ? 'syntax error' : parsed.message, parsed.position),
        );
      else this.deciding.refuse({ message, form }, refusals.unreadable(parsed.reason));
      // One that stays at the head waits for what will pump again.
      if (!answeredAtOnce && pipeline.inbox.at(0) !== message) this.resume();
    });
    answeredAtOnce = false;
  }

  /** What a text means; one that masks rewrote is parsed again and compared first. */
  read(
    message: ClientMessage,
    form: Asked['form'],
    written: readonly Written[],
    sql: Buffer,
    parameterTypes: readonly number[],
    then: (meaning: Meaning) => void,
  ): void {
    if (awaitsName(this.ctx.state, written, this.pipeline.number)) return;
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

  meant(
    message: ClientMessage,
    form: Asked['form'],
    meaning: Meaning | { readonly refusal: Refusal },
    then: (meaning: Meaning) => void,
  ): void {
    if ('refusal' in meaning) this.deciding.refuse({ message, form }, meaning.refusal);
    else then(meaning);
  }
}
