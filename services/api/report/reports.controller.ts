import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { z } from 'zod';
import { bundle, zip } from '#compliance';
import { version } from '#runtime';
import { AccessJournal } from '../access/access-journal.js';
import { Allow } from '../access/allow.js';
import { type Caller, CurrentCaller } from '../access/caller.js';
import { Clock } from '../clock.js';
import { Instant } from '../paging.js';
import { RequestFailed } from '../problem/problem.js';
import { AccessReports } from './access-reports.js';
import { AccessReport, Export } from './report.schema.js';

const period = {
  since: Instant.optional().describe('From this instant on. Without it: from the first event on.'),
  until: Instant.optional().describe('Before this instant. Without it: now.'),
};
const ReportQuery = z.strictObject(period);
const ExportQuery = z.strictObject({
  ...period,
  format: z.enum(['zip', 'json']).default('zip').describe('One archive, or the same files as text in JSON.'),
});

@ApiTags('reports')
@Controller('reports/access')
export class ReportsController {
  constructor(
    private readonly reports: AccessReports,
    private readonly accesses: AccessJournal,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Allow('auditor')
  @ApiOperation({ operationId: 'accessReport', summary: 'Who did what to which table, and what is missing from that' })
  @ApiOkResponse({ standardSchema: AccessReport })
  async report(@Query({ schema: ReportQuery }) query: z.infer<typeof ReportQuery>) {
    const { value, ...provenance } = await this.reports.of(this.periodOf(query));
    return { ...value, ...provenance };
  }

  @Get('export')
  @Allow('auditor')
  @ApiOperation({ operationId: 'exportAccessReport', summary: 'The report as CSV, with a manifest of hashes' })
  @ApiProduces('application/zip', 'application/json')
  @ApiOkResponse({ standardSchema: Export })
  async export(
    @CurrentCaller() caller: Caller,
    @Query({ schema: ExportQuery }) { format, ...query }: z.infer<typeof ExportQuery>,
    @Res() response: Response,
  ): Promise<void> {
    const { value, source, projected_through: through } = await this.reports.of(this.periodOf(query));
    const made = bundle(value, { by: caller.by, at: this.clock.now(), version, source, through });
    const { files, sha256, rows } = made;
    const name = 'access-report';
    await this.accesses.write([{ type: 'export.created', data: { by: caller.by, format: `csv+${format}`, name, sha256, rows } }]);
    if (format === 'json') {
      response.json({ sha256, files: files.map((file) => ({ name: file.name, text: file.bytes.toString('utf8') })) });
      return;
    }
    response.attachment(`${name}.zip`).type('application/zip').send(zip(files));
  }

  private periodOf({ since = 0, until = this.clock.now() }: z.infer<typeof ReportQuery>) {
    if (since < until) return { since, until };
    throw new RequestFailed('bad-request', undefined, [{ path: 'until', message: 'must be after since' }]);
  }
}
