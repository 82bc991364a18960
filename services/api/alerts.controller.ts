import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { alertsPage } from '#clickhouse';
import { Allow } from './access/allow.js';
import { Cursor, Id, keyOf, pageOf, PageSize } from './paging.js';
import { Projection, provenance } from './projection.js';

const severity = z.enum(['low', 'medium', 'high', 'critical']);

const Alert = z
  .object({
    alert: z.string(),
    rule: z.string(),
    ruleVersion: z.int(),
    severity,
    title: z.string(),
    issuer: z.string().nullable(),
    subject: z.string().nullable(),
    session: z.string().nullable(),
    /** The step of the session that completed it; null where it is of none, or not projected yet. */
    seq: z.int().nullable(),
    /** Ids `<producer>/<pseq>` of the events that it rests on. */
    inputs: z.array(z.string()),
    threshold: z.string(),
    eventTime: z.int(),
  })
  .meta({ id: 'Alert' });
const AlertPage = z.object({ items: z.array(Alert), next: z.string().nullable(), ...provenance }).meta({ id: 'AlertPage' });

const AlertsQuery = z.strictObject({
  session: Id.optional(),
  principal: z.string().max(500).optional().describe('The subject, exactly.'),
  severity: severity.optional(),
  limit: PageSize,
  cursor: Cursor,
});
const Key = z.tuple([z.int(), z.string()]);

@ApiTags('alerts')
@Controller('alerts')
export class AlertsController {
  constructor(private readonly projection: Projection) {}

  @Get()
  @Allow('viewer', 'responder', 'approver', 'auditor')
  @ApiOperation({ operationId: 'listAlerts', summary: 'Alerts, newest first' })
  @ApiOkResponse({ standardSchema: AlertPage })
  async list(
    @Query({ schema: AlertsQuery }) { limit, cursor, ...filter }: z.infer<typeof AlertsQuery>,
  ): Promise<z.infer<typeof AlertPage>> {
    const [eventTime, alert] = keyOf(Key, cursor) ?? [];
    const after = eventTime === undefined || alert === undefined ? undefined : { eventTime, alert };
    const { value, ...provenance } = await this.projection.answer((clickhouse) =>
      alertsPage(clickhouse, filter, { limit: limit + 1, after }),
    );
    return { ...pageOf(value, limit, (row) => [row.eventTime, row.alert]), ...provenance };
  }
}
