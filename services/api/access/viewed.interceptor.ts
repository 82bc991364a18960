import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Request } from 'express';
import type { Observable } from 'rxjs';
import { Id } from '../paging.js';
import type { AccessJournal } from './access-journal.js';
import { callerIn } from './caller.js';

/** Every read of someone who is known is on record before its answer is made. */
export class ViewedInterceptor implements NestInterceptor {
  constructor(private readonly accesses: AccessJournal) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<Request>();
    const caller = callerIn(request);
    // Express answers HEAD by the route of GET: how long an answer is says something of it.
    if (caller && ['GET', 'HEAD'].includes(request.method)) {
      const { path } = request.route as { path: string };
      const [kind = '', id] = belowPrefix(request.path);
      const session = kind === 'sessions' ? Id.safeParse(id).data : undefined;
      const resource = id === undefined ? kind : `${kind}/${id}`;
      await this.accesses.viewed(caller, { resource, session, route: `GET ${belowPrefix(path).join('/')}` });
    }
    return next.handle();
  }
}

const belowPrefix = (path: string): string[] =>
  path
    .split('/')
    .filter((step) => step !== '')
    .slice(2);
