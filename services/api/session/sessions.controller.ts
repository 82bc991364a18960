import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Allow } from '../access/allow.js';
import { Cursor, Id, Instant, keyOf, pageOf, PageSize } from '../paging.js';
import { RequestFailed } from '../problem/problem.js';
import { runFilters } from '../run.js';
import { OneSession, sessionOf, SessionPage } from './session.schema.js';
import { Sessions } from './sessions.js';

export const SessionId = Id.describe('The id of a session.');

const SessionsQuery = z.strictObject({
  principal: z.string().max(500).optional().describe('The subject, exactly.'),
  database: z.string().max(63).optional(),
  since: Instant.optional().describe('Opened at or after.'),
  until: Instant.optional().describe('Opened before.'),
  verdict: z.enum(['allow', 'deny', 'hold']).optional().describe('With at least one decision of this verdict.'),
  live: z
    .stringbool({ truthy: ['true'], falsy: ['false'] })
    .optional()
    .describe('Whether it has not ended yet.'),
  ...runFilters,
  limit: PageSize,
  cursor: Cursor,
});
const Key = z.tuple([z.int(), z.string()]);

@ApiTags('sessions')
@Controller('sessions')
export class SessionsController {
  constructor(private readonly sessions: Sessions) {}

  @Get()
  @Allow('viewer', 'responder', 'approver', 'auditor')
  @ApiOperation({ operationId: 'listSessions', summary: 'Sessions, newest first' })
  @ApiOkResponse({ standardSchema: SessionPage })
  async list(@Query({ schema: SessionsQuery }) { limit, cursor, ...query }: z.infer<typeof SessionsQuery>): Promise<SessionPage> {
    const [openedAt, session] = keyOf(Key, cursor) ?? [];
    const after = openedAt === undefined || session === undefined ? undefined : { openedAt, session };
    const { value, ...provenance } = await this.sessions.page(query, { limit: limit + 1, after });
    const { items, next } = pageOf(value.rows, limit, (row) => [row.openedAt, row.session]);
    return { items: items.map(sessionOf), next, leftOut: value.leftOut, ...provenance };
  }

  @Get(':id')
  @Allow('viewer', 'responder', 'approver', 'auditor')
  @ApiOperation({ operationId: 'getSession', summary: 'One session' })
  @ApiOkResponse({ standardSchema: OneSession })
  async one(@Param('id', { schema: SessionId }) id: string): Promise<OneSession> {
    const { value, ...provenance } = await this.sessions.one(id);
    if (!value) throw new RequestFailed('not-found', `There is no session ${id}.`);
    return { session: sessionOf(value), ...provenance };
  }
}
