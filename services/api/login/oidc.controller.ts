import { Controller, Get, Ip, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { LoginRefused } from '#identity';
import { AllowAnyone } from '../access/allow.js';
import { Browser } from './browser.js';
import { ownPath } from './own-path.js';
import { Providers } from './providers.js';

export const ProviderName = z.string().max(63).describe('The name of the provider in the configuration.');
export const Begin = z.object({ to: z.string().max(2000).optional().describe('A page of the console to go to then.') });
const Anything = z.record(z.string(), z.unknown());

/** People log in to the console by OpenID Connect: authorization code with PKCE. */
@ApiTags('login')
@Controller('login/oidc/:name')
export class OidcController {
  constructor(
    private readonly providers: Providers,
    private readonly browser: Browser,
  ) {}

  @Get()
  @AllowAnyone()
  @ApiOperation({ operationId: 'beginOidcLogin', summary: 'Sends a browser to the OpenID provider' })
  @ApiResponse({ status: 303, description: 'To the provider.' })
  async begin(
    @Param('name', { schema: ProviderName }) name: string,
    @Query({ schema: Begin }) { to }: z.infer<typeof Begin>,
    @Ip() address: string,
    @Res() response: Response,
  ): Promise<void> {
    const provider = this.providers.oidcNamed(name);
    await this.browser.attempt('oidc', address, response, async () => {
      const { url, challenge } = await provider.begin();
      this.browser.mark(response, { kind: 'oidc', name, challenge, returnTo: ownPath(to) });
      return url;
    });
  }

  @Get('callback')
  @AllowAnyone()
  @ApiOperation({ operationId: 'endOidcLogin', summary: 'Where the OpenID provider sends the browser back to' })
  @ApiResponse({ status: 303, description: 'To the console, logged in or not.' })
  async callback(
    @Param('name', { schema: ProviderName }) name: string,
    @Query({ schema: Anything }) _: z.infer<typeof Anything>,
    @Ip() address: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const provider = this.providers.oidcNamed(name);
    await this.browser.attempt('oidc', address, response, async () => {
      const flow = this.browser.arrive(request, response);
      if (flow?.kind !== 'oidc' || flow.name !== name) throw new LoginRefused('another-browser');
      const query = request.originalUrl.slice(request.originalUrl.indexOf('?') + 1);
      const { principal, idToken } = await provider.finish(query, flow.challenge);
      const login = { principal, method: 'oidc' as const, address, provider: { kind: 'oidc' as const, name, idToken } };
      await this.browser.logIn(request, response, this.browser.withRoles(login));
      return flow.returnTo;
    });
  }
}
