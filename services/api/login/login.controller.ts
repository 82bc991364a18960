import { Body, Controller, Get, HttpCode, Ip, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { LoginRefused } from '#identity';
import type { Logger } from '#runtime';
import { AccessJournal } from '../access/access-journal.js';
import { AllowAnyone, AllowLoggedIn } from '../access/allow.js';
import { type Caller, CurrentCaller, type LoginMethod } from '../access/caller.js';
import { Guessing } from '../access/guessing.js';
import { ConsoleSessions, type NewLogin, sessionCookie } from '../access/console-sessions.js';
import { platformRoles } from '../access/role.js';
import { RequestFailed } from '../problem/problem.js';
import { BreakGlass } from './break-glass.js';
import { Browser } from './browser.js';
import { ConsoleCode } from './console-code.js';
import { LoginWays } from './ways.js';

const Code = z.strictObject({ code: z.string().min(1).max(200) }).meta({ id: 'LoginCode' });
const Password = z.strictObject({ password: z.string().min(1).max(1000) }).meta({ id: 'LoginPassword' });
const Login = z
  .object({
    issuer: z.string(),
    subject: z.string(),
    groups: z.array(z.string()),
    roles: z.array(z.enum(platformRoles)),
    method: z.enum(['oidc', 'saml', 'service-token', 'issued-token', 'console-code', 'break-glass']),
    /** When it ends whatever happens, Unix milliseconds; null where its issuer did not say. */
    expires: z.int().nullable(),
  })
  .meta({ id: 'Login' });
type Login = z.infer<typeof Login>;

/** Where a browser is to go on, so that the provider ends its login as well; null where there is nothing to end. */
const LoggedOut = z.object({ next: z.string().nullable() }).meta({ id: 'LoggedOut' });

export abstract class LoginLog {
  abstract readonly log: Logger;
}

@ApiTags('login')
@Controller('login')
export class LoginController {
  constructor(
    private readonly sessions: ConsoleSessions,
    private readonly browser: Browser,
    private readonly code: ConsoleCode,
    private readonly glass: BreakGlass,
    private readonly guessing: Guessing,
    private readonly accesses: AccessJournal,
    private readonly ways: LoginWays,
    private readonly operator: LoginLog,
  ) {}

  @Get()
  @AllowLoggedIn()
  @ApiOperation({ operationId: 'whoAmI', summary: 'Who the caller is, and what they may do' })
  @ApiOkResponse({ standardSchema: Login })
  whoAmI(@CurrentCaller() caller: Caller): Login {
    return loginOf(caller);
  }

  @Get('ways')
  @AllowAnyone()
  @ApiOperation({ operationId: 'loginWays', summary: 'How one can log in here' })
  @ApiOkResponse({ standardSchema: LoginWays.schema })
  how(): z.infer<typeof LoginWays.schema> {
    return this.ways.offered();
  }

  @Post('code')
  @HttpCode(200)
  @AllowAnyone()
  @ApiOperation({ operationId: 'logInByCode', summary: 'Logs a browser in by the one-time code; answers with a cookie' })
  @ApiOkResponse({ standardSchema: Login })
  byCode(
    @Body({ schema: Code }) { code }: z.infer<typeof Code>,
    @Ip() address: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Login> {
    return this.logIn('console-code', address, request, response, () => Promise.resolve(this.code.redeem(code, address)));
  }

  @Post('break-glass')
  @HttpCode(200)
  @AllowAnyone()
  @ApiOperation({ operationId: 'breakGlass', summary: 'Logs the local admin in, where one is configured; answers with a cookie' })
  @ApiOkResponse({ standardSchema: Login })
  async byPassword(
    @Body({ schema: Password }) { password }: z.infer<typeof Password>,
    @Ip() address: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Login> {
    const login = await this.logIn('break-glass', address, request, response, () => this.glass.redeem(password, address));
    this.operator.log.warn({ address }, 'the glass was broken: the local admin has logged in');
    return login;
  }

  @Post('end')
  @HttpCode(200)
  @AllowLoggedIn()
  @ApiOperation({ operationId: 'logOut', summary: 'Ends the login' })
  @ApiOkResponse({ standardSchema: LoggedOut })
  async logOut(
    @CurrentCaller() caller: Caller,
    @Res({ passthrough: true }) response: Response,
  ): Promise<z.infer<typeof LoggedOut>> {
    const provider = await this.sessions.logOut(caller);
    response.clearCookie(sessionCookie, { path: '/api' });
    return { next: provider ? ((await this.ways.logout(provider)) ?? null) : null };
  }

  /** A secret that could be guessed is looked at only when its source has waited for its earlier failures. */
  private async logIn(
    method: LoginMethod,
    address: string,
    request: Request,
    response: Response,
    redeem: () => Promise<NewLogin>,
  ): Promise<Login> {
    const source = { address, user: method };
    await this.guessing.enter(source);
    let login: NewLogin;
    try {
      login = await redeem();
    } catch (error) {
      if (!(error instanceof LoginRefused)) throw error;
      await this.accesses.refused(method, error.reason, address);
      await this.guessing.failed(source);
      throw new RequestFailed('login-refused', error.reason === 'code-used' ? usedCode : undefined);
    }
    this.guessing.succeeded(source);
    return loginOf(await this.browser.logIn(request, response, login));
  }
}

const usedCode = 'This code has been used. Start the demo again, make another code, or log in another way.';

const loginOf = ({ by, groups, roles, method, expires }: Caller): Login => ({
  ...{ ...by, groups: [...groups], roles: [...roles], method, expires: expires ?? null },
});
