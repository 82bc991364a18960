import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { place } from '#reconciliation';
import { Allow } from '../access/allow.js';
import { type Caller, contentFor, CurrentCaller } from '../access/caller.js';
import { NativeRecords } from '../log/native-records.js';
import { lineOf, NativeLines } from './native.schema.js';
import { Recordings } from './recordings.js';
import { SessionId } from './sessions.controller.js';

@ApiTags('sessions')
@Controller('sessions/:id/native')
export class NativeController {
  constructor(
    private readonly recordings: Recordings,
    private readonly native: NativeRecords,
  ) {}

  @Get()
  @Allow('viewer', 'responder', 'approver', 'auditor')
  @ApiOperation({
    operationId: 'listNative',
    summary: "What Postgres' own log says of a session, each record with the step that it follows",
  })
  @ApiOkResponse({ standardSchema: NativeLines })
  async list(
    @CurrentCaller() caller: Caller,
    @Param('id', { schema: SessionId }) id: string,
  ): Promise<z.infer<typeof NativeLines>> {
    const { value, ...provenance } = await this.recordings.of(id);
    const { records, leftOut } = await this.native.of(id);
    const content = contentFor(caller);
    const placed = place(
      value.map(({ event }) => event),
      records.map(({ event }) => event.data),
    );
    const items = records.flatMap((record, i) => {
      const at = placed[i];
      return at ? [lineOf(record, at, content)] : [];
    });
    return { items, leftOut, ...provenance };
  }
}
