import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { outcomeOf } from '#approvals';
import { Allow } from '../access/allow.js';
import { type Caller, CurrentCaller } from '../access/caller.js';
import { Clock } from '../clock.js';
import { Cursor, Id, keyOf, pageOf, PageSize } from '../paging.js';
import { RequestFailed } from '../problem/problem.js';
import { Projection } from '../projection.js';
import { type Approval, approvalOf, ApprovalPage, OneApproval, Vote } from './approval.schema.js';
import { Approvals, type KnownApproval, type VoteKind } from './approvals.js';
import { HeldStatements } from './held-statements.js';

const ApprovalsQuery = z.strictObject({
  outcome: z.enum(['waiting', 'all']).default('waiting').describe('Those that wait for votes, or all.'),
  limit: PageSize,
  cursor: Cursor,
});
const Key = z.tuple([z.int(), z.string()]);

@ApiTags('approvals')
@Controller('approvals')
export class ApprovalsController {
  constructor(
    private readonly approvals: Approvals,
    private readonly statements: HeldStatements,
    private readonly projection: Projection,
    private readonly clock: Clock,
  ) {}

  @Get()
  @Allow('viewer', 'responder', 'approver', 'auditor')
  @ApiOperation({ operationId: 'listApprovals', summary: 'Held statements, newest first' })
  @ApiOkResponse({ standardSchema: ApprovalPage })
  async list(
    @CurrentCaller() caller: Caller,
    @Query({ schema: ApprovalsQuery }) { outcome, limit, cursor }: z.infer<typeof ApprovalsQuery>,
  ): Promise<z.infer<typeof ApprovalPage>> {
    const [since, id] = keyOf(Key, cursor) ?? [];
    const now = this.clock.now();
    const wanted = this.approvals
      .list()
      .filter(({ approval }) => outcome === 'all' || outcomeOf(approval, now) === 'waiting')
      .filter(({ approval }) => since === undefined || id === undefined || isBehind(approval, since, id));
    const { items, next } = pageOf(wanted, limit, ({ approval }) => [approval.held.since, approval.id]);
    const shown: Approval[] = [];
    for (const each of items) shown.push(await this.shown(each, caller));
    return { items: shown, next, ...this.provenance() };
  }

  @Get(':id')
  @Allow('viewer', 'responder', 'approver', 'auditor')
  @ApiOperation({ operationId: 'getApproval', summary: 'One held statement, and the votes on it' })
  @ApiOkResponse({ standardSchema: OneApproval })
  async one(@CurrentCaller() caller: Caller, @Param('id', { schema: Id }) id: string): Promise<z.infer<typeof OneApproval>> {
    const known = this.approvals.find(id);
    if (!known) throw new RequestFailed('not-found', `There is no approval ${id}.`);
    return { approval: await this.shown(known, caller), ...this.provenance() };
  }

  @Post(':id/grant')
  @HttpCode(200)
  @Allow('approver')
  @ApiOperation({ operationId: 'grantApproval', summary: 'Votes for it; answers when the vote is on disk' })
  @ApiOkResponse({ standardSchema: OneApproval })
  grant(
    @CurrentCaller() caller: Caller,
    @Param('id', { schema: Id }) id: string,
    @Body({ schema: Vote }) vote: Vote,
  ): Promise<z.infer<typeof OneApproval>> {
    return this.vote(caller, id, 'granted', vote);
  }

  @Post(':id/deny')
  @HttpCode(200)
  @Allow('approver')
  @ApiOperation({ operationId: 'denyApproval', summary: 'Votes against it; answers when the vote is on disk' })
  @ApiOkResponse({ standardSchema: OneApproval })
  deny(
    @CurrentCaller() caller: Caller,
    @Param('id', { schema: Id }) id: string,
    @Body({ schema: Vote }) vote: Vote,
  ): Promise<z.infer<typeof OneApproval>> {
    return this.vote(caller, id, 'denied', vote);
  }

  @Post(':id/withdraw')
  @HttpCode(200)
  @Allow('approver')
  @ApiOperation({ operationId: 'withdrawApproval', summary: "Takes back the caller's vote, or what they asked for" })
  @ApiOkResponse({ standardSchema: OneApproval })
  withdraw(
    @CurrentCaller() caller: Caller,
    @Param('id', { schema: Id }) id: string,
    @Body({ schema: Vote }) vote: Vote,
  ): Promise<z.infer<typeof OneApproval>> {
    return this.vote(caller, id, 'withdrawn', vote);
  }

  private async vote(caller: Caller, id: string, kind: VoteKind, { reason, binding }: Vote) {
    const known = await this.approvals.vote(id, kind, caller, { reason, seen: binding });
    return { approval: await this.shown(known, caller), ...this.provenance() };
  }

  /** Who votes has to see what on; who only watches sees that something is held, and for whom. */
  private async shown(known: KnownApproval, { roles }: Caller): Promise<Approval> {
    const sees = roles.includes('approver') || roles.includes('responder');
    return approvalOf(known, sees ? await this.statements.of(known) : undefined, this.clock.now());
  }

  private provenance(): Pick<z.infer<typeof OneApproval>, 'source' | 'projected_through'> {
    return { source: 'log', projected_through: this.projection.readThrough() };
  }
}

const isBehind = ({ id, held }: KnownApproval['approval'], since: number, after: string): boolean =>
  held.since < since || (held.since === since && id < after);
