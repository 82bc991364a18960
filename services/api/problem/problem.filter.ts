import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { Response } from 'express';
import { ClickHouseRejected, ClickHouseUnavailable } from '#clickhouse';
import { LogCorrupt, LogFailed, LogGap } from '#event-log';
import { AuthenticationFailed } from '#identity';
import type { Logger } from '#runtime';
import { OAuthRefused } from '../token/oauth-refused.js';
import { type Problem, type ProblemCode, problemOf, RequestFailed, statuses } from './problem.js';

/** Errors of the libraries below, and what they are called here. Anything else is `internal`, and told to nobody but the log. */
const known: readonly (readonly [new (...args: never[]) => Error, ProblemCode])[] = [
  [LogFailed, 'log-unavailable'],
  [LogCorrupt, 'log-unavailable'],
  [LogGap, 'log-unavailable'],
  [ClickHouseUnavailable, 'projection-unavailable'],
  [ClickHouseRejected, 'projection-unavailable'],
];

/** The same whatever is wrong with it: why, the event says. */
const notAccepted = 'The token was not accepted: it is unknown, for somebody else, expired or revoked.';

/** Says what went wrong as `application/problem+json`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    if (error instanceof OAuthRefused) {
      response.status(400).json(error.body);
      return;
    }
    const problem = this.problemFor(error);
    // A stream that has begun cannot say it any more: its end, without a last event, does.
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (problem.status === 401) response.setHeader('www-authenticate', 'Bearer realm="sallyport"');
    if (problem.status === 503) response.setHeader('retry-after', '5');
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  }

  private problemFor(error: unknown): Problem {
    if (error instanceof RequestFailed) return problemOf(error.code, error.detail, error.errors);
    if (error instanceof AuthenticationFailed) return problemOf('not-authenticated', notAccepted);
    if (error instanceof HttpException || isBodyError(error)) return this.ofFramework(error);
    const code = known.find(([kind]) => error instanceof kind)?.[1] ?? 'internal';
    this.log[code === 'internal' ? 'error' : 'warn']({ err: error, code }, 'a request failed');
    return problemOf(code);
  }

  /** Nest and Express know no more than a status: an unknown path, a body that is no JSON. Their texts may quote the request. */
  private ofFramework(error: HttpException | BodyError): Problem {
    const status = error instanceof HttpException ? error.getStatus() : error.status;
    const code = (Object.keys(statuses) as ProblemCode[]).find((code) => statuses[code] === status);
    if (code === undefined) this.log.warn({ err: error, status }, 'a request failed');
    return problemOf(code ?? (status < 500 ? 'bad-request' : 'internal'));
  }
}

/** What Express' body parser throws. */
interface BodyError extends Error {
  readonly status: number;
  readonly type: string;
}
const isBodyError = (error: unknown): error is BodyError =>
  error instanceof Error && 'status' in error && typeof error.status === 'number' && 'type' in error;
