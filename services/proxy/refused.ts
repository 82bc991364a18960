import type { EventOf } from '#events';

/** No session comes about, and the client is told why. */
export class SessionRefused extends Error {
  override readonly name = 'SessionRefused';
  constructor(
    readonly stage: EventOf<'session.refused'>['data']['stage'],
    readonly sqlstate: string,
    message: string,
    readonly facts: { readonly detail?: string; readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: facts.cause });
  }
}
