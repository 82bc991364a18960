import type { Request, Response } from 'express';
import { LoginRefused } from '#identity';
import type { AccessJournal } from '../access/access-journal.js';
import type { Caller, LoginMethod } from '../access/caller.js';
import { type ConsoleSessions, cookieIn, type NewLogin, sessionCookie } from '../access/console-sessions.js';
import { type RoleGroups, rolesOf } from '../access/role.js';
import { type Flow, flowCookie, flowMs, type LoginFlows } from './flows.js';

/** Where somebody lands whose login was refused. The page says no more than that: the event knows why. */
export const refusedPage = '/#login=refused';

export interface BrowserOptions {
  readonly sessions: ConsoleSessions;
  readonly flows: LoginFlows;
  readonly accesses: AccessJournal;
  readonly roles: RoleGroups;
  /** Whether people come by https, so that no cookie ever leaves by http. */
  readonly secure: boolean;
}

/** What a login does to a browser: its cookies, and where it goes next. */
export class Browser {
  constructor(private readonly options: BrowserOptions) {}

  /** Sends it to a provider, with the mark by which it is known when it comes back. */
  depart(response: Response, flow: Flow, url: string): void {
    this.mark(response, flow);
    response.redirect(303, url);
  }

  mark(response: Response, flow: Flow): void {
    const cookie = this.options.flows.begin(flow);
    const { secure } = this.options;
    response.cookie(flowCookie, cookie, { httpOnly: true, sameSite: 'lax', path: '/api/v1/login', secure, maxAge: flowMs });
  }

  /** The login that this browser began, which ends by this. */
  arrive(request: Request, response: Response): Flow | undefined {
    const flow = this.options.flows.take(cookieIn(request.headers.cookie, flowCookie));
    response.clearCookie(flowCookie, { path: '/api/v1/login' });
    return flow;
  }

  /** Logs it in: the cookie goes along with what our own pages ask, and with nothing that another site makes it ask. */
  async logIn(request: Request, response: Response, login: NewLogin): Promise<Caller> {
    const { cookie, caller } = await this.options.sessions.open(login, cookieIn(request.headers.cookie, sessionCookie));
    const { secure } = this.options;
    response.cookie(sessionCookie, cookie, { httpOnly: true, sameSite: 'strict', path: '/api', secure });
    return caller;
  }

  /** Of a principal who came from a provider. */
  withRoles(login: Omit<NewLogin, 'roles'>): NewLogin {
    return { ...login, roles: rolesOf(login.principal.groups, this.options.roles) };
  }

  /** Runs a step of a login at a provider. One that is refused is on record, and always looks the same from outside. */
  async attempt(method: LoginMethod, address: string, response: Response, step: () => Promise<string>): Promise<void> {
    let next: string;
    try {
      next = await step();
    } catch (error) {
      if (!(error instanceof LoginRefused)) throw error;
      await this.options.accesses.refused(method, error.reason, address);
      next = refusedPage;
    }
    response.redirect(303, next);
  }
}
