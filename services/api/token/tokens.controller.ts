import { Body, Controller, Get, HttpCode, Ip, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { By } from '#events';
import { AllowLoggedIn } from '../access/allow.js';
import { type Caller, CurrentCaller } from '../access/caller.js';
import { RequestFailed } from '../problem/problem.js';
import { IssuedTokens } from './issued-tokens.js';

const NewToken = z
  .strictObject({
    target: z.string().min(1).max(63).optional().describe('The only target that it is to be good for.'),
    ttlSeconds: z
      .int()
      .min(30)
      .max(43_200)
      .optional()
      .describe('No longer than the configuration says, and than the login lasts.'),
  })
  .default({})
  .meta({ id: 'NewToken' });

/** A token for the database: this answer is the only one that has it. Times are Unix milliseconds. */
const GivenToken = z
  .object({
    id: z.string(),
    /** Give it as the password, within TLS. */
    token: z.string(),
    /** The user to connect as. */
    user: z.string(),
    target: z.string().nullable(),
    expires: z.int(),
  })
  .meta({ id: 'GivenToken' });

const TokenId = z.string().regex(/^[\w-]{8,64}$/, 'is not the id of a token');
const Token = z
  .object({
    id: TokenId,
    principal: By,
    /** Who asked for it. */
    by: By,
    grant: z.enum(['saml2-bearer', 'login', 'device', 'service']),
    target: z.string().nullable(),
    issued: z.int(),
    expires: z.int(),
  })
  .meta({ id: 'Token' });
const Tokens = z.object({ items: z.array(Token) }).meta({ id: 'Tokens' });

const Revocation = z
  .strictObject({ reason: z.string().max(500).optional() })
  .default({})
  .meta({ id: 'Revocation' });

@ApiTags('tokens')
@Controller('tokens')
export class TokensController {
  constructor(private readonly tokens: IssuedTokens) {}

  @Post()
  @HttpCode(200)
  @AllowLoggedIn()
  @ApiOperation({ operationId: 'createToken', summary: 'A short-lived token for the database, for whoever is logged in' })
  @ApiOkResponse({ standardSchema: GivenToken })
  async create(
    @CurrentCaller() { by, kind, groups, method, expires: until }: Caller,
    @Body({ schema: NewToken }) { target, ttlSeconds }: z.infer<typeof NewToken>,
    @Ip() address: string,
  ): Promise<z.infer<typeof GivenToken>> {
    // Else whoever once had one of them would have one for ever.
    if (method === 'issued-token') throw new RequestFailed('not-allowed', 'A token that was given out here gets no other.');
    const principal = { ...by, kind, groups: [...groups] };
    const { id, token, expires } = await this.tokens.issue({ principal, by, grant: 'login', address, target, ttlSeconds, until });
    return { id, token, user: by.subject, target: target ?? null, expires };
  }

  @Get()
  @AllowLoggedIn()
  @ApiOperation({ operationId: 'listTokens', summary: "The caller's tokens that are still good; never the tokens themselves" })
  @ApiOkResponse({ standardSchema: Tokens })
  list(@CurrentCaller() { by }: Caller): z.infer<typeof Tokens> {
    return {
      items: this.tokens.of(by).map(({ token: id, principal, by, grant, target, issued, expires }) => ({
        ...{ id, principal, by, grant, issued, expires, target: target ?? null },
      })),
    };
  }

  @Post(':id/revoke')
  @HttpCode(200)
  @AllowLoggedIn()
  @ApiOperation({ operationId: 'revokeToken', summary: "Takes a token back: one of the caller's own, or any for an admin" })
  @ApiOkResponse({ standardSchema: z.object({ id: z.string() }).meta({ id: 'RevokedToken' }) })
  async revoke(
    @CurrentCaller() { by, roles }: Caller,
    @Param('id', { schema: TokenId }) id: string,
    @Body({ schema: Revocation }) { reason }: z.infer<typeof Revocation>,
  ): Promise<{ readonly id: string }> {
    await this.tokens.revoke(id, by, roles.includes('admin') ? undefined : by, reason);
    return { id };
  }
}
