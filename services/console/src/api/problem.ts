/** What went wrong, as the api says it (RFC 9457), or as this page has to where the api said nothing. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail?: string | undefined;
  readonly errors?: readonly { readonly path: string; readonly message: string }[] | undefined;
}

/** A request that was not answered with what was asked for. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
  constructor(
    readonly problem: Problem,
    options?: ErrorOptions,
  ) {
    super(problem.title, options);
  }
}

export const isUnauthenticated = (error: unknown): boolean => error instanceof RequestFailed && error.problem.status === 401;

/** Whether the same request may succeed later. */
export const isPassing = (error: unknown): boolean =>
  error instanceof RequestFailed && (error.problem.status === 503 || error.problem.status === 0);

/** Any error, as a problem: nobody is shown a stack. */
export function problemOf(error: unknown): Problem {
  if (error instanceof RequestFailed) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  return { status: 0, code: 'console', title: 'The console has a fault', detail: `${detail}. Reload the page.` };
}

export const unreachable: Problem = {
  status: 0,
  code: 'unreachable',
  title: 'The api does not answer',
  detail: 'It may be starting, or stopped. What is on record is not affected.',
};

/** The problem in a body that was sent with this status. */
export function problemIn(body: unknown, status: number): Problem {
  if (typeof body === 'object' && body !== null && 'title' in body && 'code' in body) return { ...(body as Problem), status };
  return { status, code: 'unknown', title: `The api answered with status ${status}`, detail: 'It did not say why.' };
}
