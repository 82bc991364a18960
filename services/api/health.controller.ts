import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AllowAnyone } from './access/allow.js';
import { Projection } from './projection.js';

const Health = z
  .object({
    status: z.literal('ok'),
    /** `away`: sessions are shown from the log; searches and alerts have to wait. */
    clickhouse: z.enum(['answers', 'away']),
  })
  .meta({ id: 'Health' });

@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(private readonly projection: Projection) {}

  @Get()
  @AllowAnyone()
  @ApiOperation({ operationId: 'health', summary: 'Whether the api answers' })
  @ApiOkResponse({ standardSchema: Health })
  async health(): Promise<z.infer<typeof Health>> {
    return { status: 'ok', clickhouse: (await this.projection.answers()) ? 'answers' : 'away' };
  }
}
