import { type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { RequestFailed } from '../problem/problem.js';
import { type Permission, permissionKey } from './allow.js';
import type { BearerLogins } from './bearer-logins.js';
import { type Caller, identify } from './caller.js';
import { type ConsoleSessions, cookieIn, sessionCookie } from './console-sessions.js';

/** Other sites cannot make a browser send it, so a change that has it was made by our own page. */
export const csrfHeader = 'x-sallyport-csrf';

/** Finds out who calls, and whether they may. */
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly bearers: BearerLogins,
    private readonly consoles: ConsoleSessions,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const permission = this.reflector.get<Permission | undefined>(permissionKey, context.getHandler());
    if (permission === 'anyone') return true;
    const request = context.switchToHttp().getRequest<Request>();
    const caller = await this.callerOf(request);
    if (caller.means === 'cookie' && !['GET', 'HEAD'].includes(request.method) && request.headers[csrfHeader] === undefined)
      throw new RequestFailed('csrf-header-missing');
    if (permission === 'logged-in') {
      identify(request, caller);
      return true;
    }
    if (!permission?.some((role) => caller.roles.includes(role))) {
      const detail = permission && `It needs one of these roles: ${[...new Set([...permission, 'admin'])].join(', ')}.`;
      throw new RequestFailed('not-allowed', detail);
    }
    identify(request, caller);
    return true;
  }

  private async callerOf({ headers, ip }: Request): Promise<Caller> {
    if (headers.authorization !== undefined) {
      const token = /^Bearer +(\S+)$/i.exec(headers.authorization)?.[1];
      if (token === undefined) throw new RequestFailed('not-authenticated', 'The header Authorization is no `Bearer <token>`.');
      return this.bearers.callerOf(token, ip ?? '');
    }
    const cookie = cookieIn(headers.cookie, sessionCookie);
    const caller = cookie === undefined ? undefined : this.consoles.callerOf(cookie);
    if (!caller) throw new RequestFailed('not-authenticated', 'Send a token: `Authorization: Bearer <token>`.');
    return caller;
  }
}
