import { Controller, Get, Headers, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { z } from 'zod';
import { Allow } from '../access/allow.js';
import { Id } from '../paging.js';
import { Tails } from './tails.js';

const TailQuery = z.strictObject({
  session: Id.optional().describe('Only this session: from its first event on, then as they come.'),
  last_event_id: z.string().max(4000).optional().describe('As the header `Last-Event-ID`, for clients that cannot set it.'),
});

@ApiTags('tail')
@Controller('tail')
export class TailController {
  constructor(private readonly tails: Tails) {}

  @Get()
  @Allow('viewer', 'responder', 'approver', 'auditor')
  @ApiOperation({
    operationId: 'tail',
    summary: 'Events as they come into the log, as server-sent events; goes on after `Last-Event-ID`',
  })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({ description: 'Each `data` is one event, in its canonical form, without its parts.' })
  async follow(
    @Query({ schema: TailQuery }) { session, last_event_id }: z.infer<typeof TailQuery>,
    @Headers('last-event-id') header: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    const place = this.tails.begin({ session, lastEventId: header ?? last_event_id });
    response
      .status(200)
      .set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no', connection: 'close' });
    response.flushHeaders();
    await this.tails.run(place, session, response);
  }
}
