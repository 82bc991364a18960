import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { statementsPage, type StatementWithText } from '#clickhouse';
import { By, Verdict } from '#events';
import { Allow } from './access/allow.js';
import { type Caller, contentFor, CurrentCaller } from './access/caller.js';
import { Cursor, Id, Instant, keyOf, pageOf, PageSize } from './paging.js';
import { RequestFailed } from './problem/problem.js';
import { Projection, provenance } from './projection.js';
import { actorsOf, Run, runFilters, runOf } from './run.js';

const words = z.array(z.string());
const text = z.string().nullable();

/** A statement: its decisions and its end, folded. Its id is `<session>/<n>`. */
const Statement = z
  .object({
    session: z.string(),
    n: z.int(),
    /** When it was first decided, and the step of that. */
    at: z.int(),
    seq: z.int(),
    issuer: text,
    subject: text,
    kind: z.enum(['human', 'agent', 'service']).nullable(),
    /** Who acts in the principal's name, the present actor first. */
    actors: z.array(By),
    run: Run,
    target: text,
    database: z.string(),
    role: text,
    form: z.enum(['query', 'parse', 'bind', 'execute', 'call']).nullable(),
    verb: z.string(),
    effects: words,
    reads: words,
    writes: words,
    functions: words,
    unbounded: z.boolean(),
    risks: words,
    /** Masked columns that it reads. */
    masked: words,
    /** Of the last decision. */
    verdict: Verdict.nullable(),
    rule: text,
    why: text,
    approval: text,
    /** Null: no end of it is on record. */
    outcome: z.enum(['ok', 'error', 'cancelled', 'skipped', 'refused', 'suspended', 'unknown']).nullable(),
    endedAt: z.int().nullable(),
    tag: text,
    rows: z.int(),
    bytes: z.int(),
    sqlstate: text,
    us: z.int().nullable(),
    /** Null where the text was not kept, or the caller's roles do not see it. */
    sql: text,
  })
  .meta({ id: 'Statement' });
const StatementPage = z
  .object({ items: z.array(Statement), next: z.string().nullable(), redacted: z.boolean(), ...provenance })
  .meta({ id: 'StatementPage' });

const StatementsQuery = z.strictObject({
  text: z.string().min(1).max(1000).optional().describe('Part of the text, whatever its case.'),
  session: Id.optional(),
  principal: z.string().max(500).optional().describe('The subject, exactly.'),
  database: z.string().max(63).optional(),
  verb: z.string().max(100).optional().describe('As Postgres names the command: `SELECT`, `CREATE TABLE`, …'),
  relation: z.string().max(200).optional().describe('`schema.name` of a relation that it reads or writes.'),
  verdict: Verdict.optional(),
  since: Instant.optional().describe('Decided at or after.'),
  until: Instant.optional().describe('Decided before.'),
  ...runFilters,
  limit: PageSize,
  cursor: Cursor,
});
const Key = z.tuple([z.int(), z.string(), z.int().min(0)]);

@ApiTags('statements')
@Controller('statements')
export class StatementsController {
  constructor(private readonly projection: Projection) {}

  @Get()
  @Allow('viewer', 'responder', 'approver', 'auditor')
  @ApiOperation({ operationId: 'searchStatements', summary: 'Statements, newest first' })
  @ApiOkResponse({ standardSchema: StatementPage })
  async search(
    @CurrentCaller() caller: Caller,
    @Query({ schema: StatementsQuery }) { limit, cursor, ...filter }: z.infer<typeof StatementsQuery>,
  ): Promise<z.infer<typeof StatementPage>> {
    const redacted = contentFor(caller) === 'redacted';
    // Who may not read a text may not guess at it either.
    if (redacted && filter.text !== undefined)
      throw new RequestFailed('not-allowed', 'To search in texts needs one of these roles: responder, admin.');
    const [at, session, n] = keyOf(Key, cursor) ?? [];
    const after = at === undefined || session === undefined || n === undefined ? undefined : { at, session, n };
    const verb = filter.verb?.toUpperCase();
    const { value, ...provenance } = await this.projection.answer((clickhouse) =>
      statementsPage(clickhouse, { ...filter, verb }, { limit: limit + 1, after }),
    );
    const { items, next } = pageOf(value, limit, (row) => [row.at, row.session, row.n]);
    return { items: items.map((row) => statementOf(row, redacted)), next, redacted, ...provenance };
  }
}

/** The row, with what only the projection needs left out. */
const statementOf = (row: StatementWithText, redacted: boolean): z.infer<typeof Statement> =>
  Statement.parse({ ...row, actors: actorsOf(row), run: runOf(row), sql: redacted ? null : row.sql });
