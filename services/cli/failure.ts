/** Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 not found. */
export const exitCodes = { failed: 1, usage: 2, notFound: 3 } as const;

interface Explanation {
  readonly what: string;
  readonly why: string;
  readonly todo: string;
}

/** A command that did not do what it was asked: what happened, why, and what to do about it. */
export class Failure extends Error {
  override readonly name = 'Failure';
  constructor(
    readonly reason: keyof typeof exitCodes,
    readonly explanation: Explanation,
    options?: ErrorOptions,
  ) {
    super(`${explanation.what}: ${explanation.why}. ${explanation.todo}`, options);
  }
}

/** A command that has told all there is to tell, and ends with this exit code. */
export class Ended extends Error {
  override readonly name = 'Ended';
  constructor(readonly code: number) {
    super(`ended with exit code ${code}`);
  }
}
