import { z } from 'zod';

/** What may go wrong, by a stable code, and the status that says so over HTTP. */
export const statuses = {
  'bad-request': 400,
  'not-authenticated': 401,
  'login-refused': 401,
  'not-allowed': 403,
  'csrf-header-missing': 403,
  'own-statement': 403,
  'not-an-approver': 403,
  'not-found': 404,
  'no-longer-waiting': 409,
  'held-for-something-else': 409,
  'too-large': 413,
  'too-many-tails': 429,
  'too-many-attempts': 429,
  internal: 500,
  'log-unavailable': 503,
  'projection-unavailable': 503,
} as const;
export type ProblemCode = keyof typeof statuses;

const titles: Record<ProblemCode, string> = {
  'bad-request': 'The request is not what this route takes',
  'not-authenticated': 'Who you are is not known here',
  'login-refused': 'The login was refused',
  'not-allowed': 'Your roles do not include this',
  'csrf-header-missing': 'A change by cookie needs the header x-sallyport-csrf',
  'own-statement': 'Nobody votes on a statement of their own',
  'not-an-approver': 'None of your groups may vote on this statement',
  'not-found': 'There is no such thing',
  'no-longer-waiting': 'It does not wait for votes any more',
  'held-for-something-else': 'What is held is not what you voted on',
  'too-large': 'It is too large to be shown at once',
  'too-many-tails': 'Too many live tails are open',
  'too-many-attempts': 'Too many logins from there have failed',
  internal: 'Something broke here',
  'log-unavailable': 'The event log cannot be written or read',
  'projection-unavailable': 'ClickHouse does not answer',
};

/** RFC 9457, with the code as a member of its own. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(statuses) as [ProblemCode, ...ProblemCode[]]),
    detail: z.string().optional(),
    /** What is wrong with which member of the request. */
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;

/** Ends a request with a problem. The detail is shown to whoever asked. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
  constructor(
    readonly code: ProblemCode,
    readonly detail?: string,
    readonly errors?: NonNullable<Problem['errors']>,
    options?: ErrorOptions,
  ) {
    super(detail ?? titles[code], options);
  }
}

export const problemOf = (code: ProblemCode, detail?: string, errors?: Problem['errors']): Problem => ({
  type: `urn:sallyport:problem:${code}`,
  title: titles[code],
  status: statuses[code],
  code,
  ...(detail !== undefined && { detail }),
  ...(errors && { errors }),
});
