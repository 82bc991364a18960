import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { steps } from '#replay';
import { Allow } from '../access/allow.js';
import { type Caller, contentFor, CurrentCaller } from '../access/caller.js';
import { Cursor, cursorOf, keyOf } from '../paging.js';
import { Recordings } from './recordings.js';
import { SessionId } from './sessions.controller.js';
import { StepsInFull, stepOf } from './step.schema.js';

/** A page ends where its rows pass this, so that one of large results has fewer steps. */
const pageBytes = 4 * 1024 * 1024;

const ReplayQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(100).describe('How many at most; large steps make it fewer.'),
  cursor: Cursor,
});

@ApiTags('sessions')
@Controller('sessions/:id/replay')
export class ReplayController {
  constructor(private readonly recordings: Recordings) {}

  @Get()
  @Allow('viewer', 'responder', 'approver', 'auditor')
  @ApiOperation({
    operationId: 'replay',
    summary: 'The steps of a session in full, in order: for a player that goes back and forth',
  })
  @ApiOkResponse({ standardSchema: StepsInFull })
  async replay(
    @CurrentCaller() caller: Caller,
    @Param('id', { schema: SessionId }) id: string,
    @Query({ schema: ReplayQuery }) { limit, cursor }: z.infer<typeof ReplayQuery>,
  ) {
    const after = keyOf(z.int(), cursor) ?? -1;
    const { value, ...provenance } = await this.recordings.of(id);
    const content = contentFor(caller);
    const items: ReturnType<typeof stepOf>[] = [];
    let bytes = 0;
    for (const step of steps(value)) {
      if (step.seq <= after) continue;
      const last = items.at(-1);
      if (last && (items.length >= limit || bytes >= pageBytes)) return { items, next: cursorOf(last.seq), ...provenance };
      items.push(stepOf(step, content));
      bytes += step.messages.reduce((sum, { length, count }) => sum + length * count, 0);
    }
    return { items, next: null, ...provenance };
  }
}
