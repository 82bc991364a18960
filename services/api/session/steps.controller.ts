import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { step, type Step, steps } from '#replay';
import { Allow } from '../access/allow.js';
import { type Caller, contentFor, CurrentCaller } from '../access/caller.js';
import { Cursor, cursorOf, keyOf, PageSize } from '../paging.js';
import { RequestFailed } from '../problem/problem.js';
import { Recordings } from './recordings.js';
import { SessionId } from './sessions.controller.js';
import { lineOf, OneStep, Seq, stepOf, StepPage } from './step.schema.js';

const StepsQuery = z.strictObject({ limit: PageSize, cursor: Cursor });

@ApiTags('sessions')
@Controller('sessions/:id/steps')
export class StepsController {
  constructor(private readonly recordings: Recordings) {}

  @Get()
  @Allow('viewer', 'responder', 'approver', 'auditor')
  @ApiOperation({ operationId: 'listSteps', summary: 'The steps of a session, each in one line' })
  @ApiOkResponse({ standardSchema: StepPage })
  async list(
    @CurrentCaller() caller: Caller,
    @Param('id', { schema: SessionId }) id: string,
    @Query({ schema: StepsQuery }) { limit, cursor }: z.infer<typeof StepsQuery>,
  ): Promise<z.infer<typeof StepPage>> {
    const after = keyOf(z.int(), cursor) ?? -1;
    const { value, ...provenance } = await this.recordings.of(id);
    const found: Step[] = [];
    for (const each of steps(value)) {
      if (each.seq > after) found.push(each);
      if (found.length > limit) break;
    }
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const content = contentFor(caller);
    return {
      items: page.map((each) => lineOf(each, content)),
      next: found.length > limit && last ? cursorOf(last.seq) : null,
      redacted: content === 'redacted',
      ...provenance,
    };
  }

  @Get(':seq')
  @Allow('viewer', 'responder', 'approver', 'auditor')
  @ApiOperation({ operationId: 'getStep', summary: 'One step: state, decision, SQL, and the rows that the client was handed' })
  @ApiOkResponse({ standardSchema: OneStep })
  async one(
    @CurrentCaller() caller: Caller,
    @Param('id', { schema: SessionId }) id: string,
    @Param('seq', { schema: Seq }) seq: number,
  ) {
    const { value, ...provenance } = await this.recordings.of(id);
    const found = step(value, seq);
    const first = value[0]?.event.seq ?? 0;
    const last = value.at(-1)?.event.seq ?? 0;
    if (!found) throw new RequestFailed('not-found', `The session has the steps ${first} to ${last}.`);
    return { step: stepOf(found, contentFor(caller)), first, last, ...provenance };
  }
}
