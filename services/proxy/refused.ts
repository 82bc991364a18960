import type { EventOf } from '#events';

export interface RefusalFacts {
  readonly detail?: string;
  readonly hint?: string;
  readonly cause?: unknown;
  /** What goes on record and is not told to the client. */
  readonly record?: { readonly refusal: string; readonly reason: string };
}

/** No session comes about, and the client is told why, or that the record says why. */
export class SessionRefused extends Error {
  override readonly name = 'SessionRefused';
  constructor(
    readonly stage: EventOf<'session.refused'>['data']['stage'],
    readonly sqlstate: string,
    message: string,
    readonly facts: RefusalFacts = {},
  ) {
    super(message, { cause: facts.cause });
  }
}
