import { Body, Controller, Get, Ip, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiConsumes, ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { type Asserted, LoginRefused, type LogoutRequest } from '#identity';
import { AllowAnyone } from '../access/allow.js';
import { ConsoleSessions } from '../access/console-sessions.js';
import { Clock } from '../clock.js';
import { Browser } from './browser.js';
import { LoginFlows } from './flows.js';
import { Begin, ProviderName } from './oidc.controller.js';
import { ownPath } from './own-path.js';
import { Providers } from './providers.js';
import { SpentAssertions } from './spent-assertions.js';

const Posted = z.object({
  SAMLResponse: z.string().optional(),
  SAMLRequest: z.string().optional(),
  RelayState: z.string().max(2000).optional().catch(undefined),
});
const Redirected = z.record(z.string(), z.unknown());
const landing = '/api/v1/login/landing';

/** People log in to the console by SAML 2.0: web browser SSO and single logout. */
@ApiTags('login')
@Controller('login')
export class SamlController {
  constructor(
    private readonly providers: Providers,
    private readonly browser: Browser,
    private readonly flows: LoginFlows,
    private readonly spent: SpentAssertions,
    private readonly sessions: ConsoleSessions,
    private readonly clock: Clock,
  ) {}

  @Get('saml/:name')
  @AllowAnyone()
  @ApiOperation({ operationId: 'beginSamlLogin', summary: 'Sends a browser to the identity provider' })
  @ApiResponse({ status: 303, description: 'To the provider.' })
  async begin(
    @Param('name', { schema: ProviderName }) name: string,
    @Query({ schema: Begin }) { to }: z.infer<typeof Begin>,
    @Res() response: Response,
  ): Promise<void> {
    const { url, id } = await this.providers.samlNamed(name).request();
    this.browser.depart(response, { kind: 'saml', name, request: id, returnTo: ownPath(to), asserted: undefined }, url);
  }

  @Get('saml/:name/metadata')
  @AllowAnyone()
  @ApiOperation({ operationId: 'samlMetadata', summary: 'What the identity provider has to know of us' })
  @ApiProduces('application/samlmetadata+xml')
  metadata(@Param('name', { schema: ProviderName }) name: string, @Res() response: Response): void {
    response.type('application/samlmetadata+xml').send(this.providers.samlNamed(name).metadata());
  }

  /** A browser posts it from the provider's page, without any cookie of ours: what it says is kept for the landing. */
  @Post('saml/:name/acs')
  @AllowAnyone()
  @ApiOperation({ operationId: 'acceptSamlResponse', summary: 'Where the identity provider makes the browser post its answer' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiResponse({ status: 303, description: 'To where the login ends, or to the console, not logged in.' })
  async accept(
    @Param('name', { schema: ProviderName }) name: string,
    @Body() body: unknown,
    @Ip() address: string,
    @Res() response: Response,
  ): Promise<void> {
    const provider = this.providers.samlNamed(name);
    await this.browser.attempt('saml', address, response, async () => {
      const { SAMLResponse: message, RelayState: relay } = Posted.safeParse(body).data ?? {};
      if (message === undefined) throw new LoginRefused('malformed');
      const request = provider.answers(message);
      if (request !== undefined && !this.flows.awaits(name, request)) throw new LoginRefused('in-response-to');
      const asserted = await provider.accept(message, request, this.clock.now());
      // Spent at once, so that of two that come at the same time one is taken; on record with the login.
      this.spent.spend(asserted);
      if (request === undefined) this.browser.mark(response, { kind: 'saml', name, request, returnTo: ownPath(relay), asserted });
      else this.flows.answer(name, request, asserted);
      return landing;
    });
  }

  /** The browser comes by itself now, with the mark that it got when it began. */
  @Get('landing')
  @AllowAnyone()
  @ApiOperation({ operationId: 'endSamlLogin', summary: 'Where a SAML login ends' })
  @ApiResponse({ status: 303, description: 'To the console, logged in or not.' })
  async land(@Ip() address: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    await this.browser.attempt('saml', address, response, async () => {
      const flow = this.browser.arrive(request, response);
      if (flow?.kind !== 'saml' || !flow.asserted) throw new LoginRefused('another-browser');
      await this.browser.logIn(request, response, this.browser.withRoles(loginOf(flow.name, flow.asserted, address)));
      return flow.returnTo;
    });
  }

  @Get('saml/:name/logout')
  @AllowAnyone()
  @ApiOperation({ operationId: 'samlLogoutByRedirect', summary: 'Where the provider ends a login, or says that it has' })
  @ApiResponse({ status: 303, description: 'Back to the provider, or to the console.' })
  async logoutByRedirect(
    @Param('name', { schema: ProviderName }) name: string,
    @Query({ schema: Redirected }) query: z.infer<typeof Redirected>,
    @Ip() address: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const provider = this.providers.samlNamed(name);
    await this.browser.attempt('saml', address, response, async () => {
      // The answer to a request of ours: the login here has ended before it was sent.
      if ('SAMLResponse' in query) return '/';
      const original = request.originalUrl.slice(request.originalUrl.indexOf('?') + 1);
      return this.end(name, await provider.logoutByRedirect(original));
    });
  }

  @Post('saml/:name/logout')
  @AllowAnyone()
  @ApiOperation({ operationId: 'samlLogoutByPost', summary: 'The same, as a browser posts it' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiResponse({ status: 303, description: 'Back to the provider, or to the console.' })
  async logoutByPost(
    @Param('name', { schema: ProviderName }) name: string,
    @Body() body: unknown,
    @Ip() address: string,
    @Res() response: Response,
  ): Promise<void> {
    const provider = this.providers.samlNamed(name);
    await this.browser.attempt('saml', address, response, async () => {
      const { SAMLRequest: message, SAMLResponse: answer } = Posted.safeParse(body).data ?? {};
      if (answer !== undefined) return '/';
      if (message === undefined) throw new LoginRefused('malformed');
      return this.end(name, await provider.logoutByPost(message));
    });
  }

  private async end(name: string, { nameId, sessionIndex, answer }: LogoutRequest): Promise<string> {
    await this.sessions.endWhere(
      (login) =>
        login.kind === 'saml' &&
        login.name === name &&
        login.nameId === nameId &&
        (sessionIndex === undefined || login.sessionIndex === sessionIndex),
    );
    return (await answer()) ?? '/';
  }
}

const loginOf = (name: string, asserted: Asserted, address: string) => {
  const { principal, nameId, nameIdFormat, sessionIndex } = asserted;
  const provider = { kind: 'saml' as const, name, nameId, nameIdFormat, sessionIndex };
  return { principal, method: 'saml' as const, address, spent: SpentAssertions.hashOf(asserted), provider };
};
