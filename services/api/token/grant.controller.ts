import { Body, Controller, HttpCode, Ip, Post } from '@nestjs/common';
import { ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { type Asserted, LoginRefused, type SamlAssertions } from '#identity';
import { AccessJournal } from '../access/access-journal.js';
import { AllowAnyone } from '../access/allow.js';
import { Clock } from '../clock.js';
import { SpentAssertions } from '../login/spent-assertions.js';
import { IssuedTokens } from './issued-tokens.js';
import { OAuthRefused } from './oauth-refused.js';

/** Who may exchange assertions; the providers are those that the configuration names for it. */
export abstract class AssertionReader {
  abstract accept: SamlAssertions['accept'];
}

const saml2Bearer = 'urn:ietf:params:oauth:grant-type:saml2-bearer';
const Form = z.object({ grant_type: z.string().max(200), assertion: z.string().min(1).optional() });

const TokenAnswer = z
  .object({ access_token: z.string(), token_type: z.literal('Bearer'), expires_in: z.int() })
  .meta({ id: 'TokenAnswer' });

/** The token endpoint, for programs whose identity provider speaks SAML (RFC 7522). */
@ApiTags('tokens')
@Controller('oauth/token')
export class GrantController {
  constructor(
    private readonly reader: AssertionReader,
    private readonly spent: SpentAssertions,
    private readonly tokens: IssuedTokens,
    private readonly accesses: AccessJournal,
    private readonly clock: Clock,
  ) {}

  @Post()
  @HttpCode(200)
  @AllowAnyone()
  @ApiOperation({ operationId: 'exchangeAssertion', summary: 'A signed SAML assertion for a short-lived token' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiOkResponse({ standardSchema: TokenAnswer })
  async exchange(@Body() body: unknown, @Ip() address: string): Promise<z.infer<typeof TokenAnswer>> {
    const form = Form.safeParse(body);
    if (!form.success) throw new OAuthRefused('invalid_request');
    const { grant_type, assertion } = form.data;
    if (grant_type !== saml2Bearer || !this.tokens.isOffered) throw new OAuthRefused('unsupported_grant_type');
    if (assertion === undefined) throw new OAuthRefused('invalid_request');
    const { principal, spent } = await this.take(assertion, address);
    const { issuer, subject } = principal;
    const by = { issuer, subject };
    const { token, issued, expires } = await this.tokens.issue({ principal, by, grant: 'saml2-bearer', address, spent });
    return { access_token: token, token_type: 'Bearer', expires_in: Math.floor((expires - issued) / 1000) };
  }

  private async take(assertion: string, address: string): Promise<Pick<Asserted, 'principal'> & { readonly spent: string }> {
    try {
      const asserted = this.reader.accept(assertion, this.clock.now());
      return { principal: asserted.principal, spent: this.spent.spend(asserted) };
    } catch (error) {
      if (!(error instanceof LoginRefused)) throw error;
      await this.accesses.refused('saml2-bearer', error.reason, address);
      throw new OAuthRefused('invalid_grant');
    }
  }
}
