import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Allow } from './access/allow.js';
import { ActivePolicy } from './active-policy.js';
import { RequestFailed } from './problem/problem.js';
import { Projection, provenance } from './projection.js';

const Policy = z
  .object({
    hash: z.string(),
    activatedAt: z.int(),
    /** Where the proxy read it. */
    file: z.string(),
    /** The YAML itself; null where the log does not hold it. */
    source: z.string().nullable(),
  })
  .meta({ id: 'Policy' });
const OnePolicy = z.object({ policy: Policy, ...provenance }).meta({ id: 'OnePolicy' });

@ApiTags('policy')
@Controller('policy')
export class PolicyController {
  constructor(
    private readonly active: ActivePolicy,
    private readonly projection: Projection,
  ) {}

  @Get()
  @Allow('viewer', 'responder', 'approver', 'auditor')
  @ApiOperation({ operationId: 'getPolicy', summary: 'The policy that was activated last' })
  @ApiOkResponse({ standardSchema: OnePolicy })
  one(): z.infer<typeof OnePolicy> {
    const policy = this.active.latest;
    if (!policy) throw new RequestFailed('not-found', 'No policy was activated yet.');
    return { policy, source: 'log', projected_through: this.projection.readThrough() };
  }
}
