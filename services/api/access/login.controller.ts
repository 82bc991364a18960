import { Body, Controller, Get, HttpCode, Post, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { z } from 'zod';
import { Allow, AllowAnyone } from './allow.js';
import { type Caller, CurrentCaller } from './caller.js';
import { cookieName, ConsoleLogins } from './console-logins.js';
import { platformRoles } from './role.js';

const Code = z.strictObject({ code: z.string().min(1).max(200) }).meta({ id: 'LoginCode' });
const Login = z
  .object({
    issuer: z.string(),
    subject: z.string(),
    groups: z.array(z.string()),
    roles: z.array(z.enum(platformRoles)),
  })
  .meta({ id: 'Login' });
type Login = z.infer<typeof Login>;

@ApiTags('login')
@Controller('login')
export class LoginController {
  constructor(private readonly logins: ConsoleLogins) {}

  @Get()
  @Allow('viewer', 'responder', 'approver', 'auditor')
  @ApiOperation({ operationId: 'whoAmI', summary: 'Who the caller is, and what they may do' })
  @ApiOkResponse({ standardSchema: Login })
  whoAmI(@CurrentCaller() caller: Caller): Login {
    return loginOf(caller);
  }

  @Post('code')
  @HttpCode(200)
  @AllowAnyone()
  @ApiOperation({ operationId: 'logInByCode', summary: "Logs a browser in by the demo's one-time code; answers with a cookie" })
  @ApiOkResponse({ standardSchema: Login })
  async byCode(
    @Body({ schema: Code }) { code }: z.infer<typeof Code>,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Login> {
    const { cookie, caller } = await this.logins.redeem(code);
    response.cookie(cookieName, cookie, { httpOnly: true, sameSite: 'strict', path: '/api', secure: response.req.secure });
    return loginOf(caller);
  }

  @Post('end')
  @HttpCode(204)
  @Allow('viewer', 'responder', 'approver', 'auditor')
  @ApiOperation({ operationId: 'logOut', summary: 'Ends the login of this browser' })
  @ApiNoContentResponse()
  logOut(@CurrentCaller() caller: Caller, @Res({ passthrough: true }) response: Response): void {
    this.logins.logOut(caller);
    response.clearCookie(cookieName, { path: '/api' });
  }
}

const loginOf = ({ by, groups, roles }: Caller): Login => ({ ...by, groups: [...groups], roles: [...roles] });
