import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { discoveryOf, type TokenIssuer } from '#identity';
import { AllowAnyone } from '../access/allow.js';
import { RequestFailed } from '../problem/problem.js';

/** What our own issuer of tokens publishes. */
export abstract class PublishedKeys {
  abstract readonly issuer: TokenIssuer | undefined;
}

const Anything = z.record(z.string(), z.unknown());

/** Below the root, where whoever checks a token looks for them. */
@ApiTags('tokens')
@Controller('.well-known')
export class DiscoveryController {
  constructor(private readonly published: PublishedKeys) {}

  @Get('jwks.json')
  @AllowAnyone()
  @ApiOperation({ operationId: 'jwks', summary: 'The public keys of the tokens that are given out here' })
  @ApiOkResponse({ standardSchema: Anything })
  keys(): TokenIssuer['jwks'] {
    return this.issuer().jwks;
  }

  @Get('openid-configuration')
  @AllowAnyone()
  @ApiOperation({ operationId: 'openidConfiguration', summary: 'What the issuer of these tokens says of itself' })
  @ApiOkResponse({ standardSchema: Anything })
  configuration(): ReturnType<typeof discoveryOf> {
    return discoveryOf(this.issuer().issuer);
  }

  private issuer(): TokenIssuer {
    if (this.published.issuer) return this.published.issuer;
    throw new RequestFailed('not-found', 'No tokens are given out here: `api.tokens` is not configured.');
  }
}
