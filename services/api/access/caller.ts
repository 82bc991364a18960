import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { By, Principal } from '#events';
import type { Role } from './role.js';

/** How somebody showed who they are. */
export type LoginMethod = 'oidc' | 'saml' | 'service-token' | 'issued-token' | 'console-code' | 'break-glass';

/** Who makes a request. */
export interface Caller {
  readonly by: By;
  readonly kind: Principal['kind'];
  readonly groups: readonly string[];
  /** Who acts in its name, the present actor first. */
  readonly actors: readonly By[];
  /** What its token says, verified; nothing for a login by cookie. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly roles: readonly Role[];
  readonly method: LoginMethod;
  /** Names the login, so that what it polls is recorded once a minute: never the secret itself. */
  readonly login: string;
  readonly means: 'bearer' | 'cookie';
  /** When the login ends whatever happens, unix milliseconds; undefined where its issuer did not say. */
  readonly expires: number | undefined;
}

/** Whether someone sees what passed over the wire (SQL, parameters, rows), or only that it did. */
export type Content = 'shown' | 'redacted';
export const contentFor = ({ roles }: Caller): Content => (roles.includes('responder') ? 'shown' : 'redacted');

const callers = new WeakMap<Request, Caller>();

/** The guard says who it is; nothing else does. */
export const identify = (request: Request, caller: Caller): void => {
  callers.set(request, caller);
};

/** Undefined on routes that let anyone in. */
export const callerIn = (request: Request): Caller | undefined => callers.get(request);

/** The parameter of a handler that is told who calls. */
export const CurrentCaller = createParamDecorator((_: undefined, context: ExecutionContext) => {
  const caller = callerIn(context.switchToHttp().getRequest<Request>());
  if (!caller) throw new Error('a route that asks for its caller lets anyone in');
  return caller;
});
