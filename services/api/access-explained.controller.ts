import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { By, Principal, Verdict } from '#events';
import { accessOf, databasesNamed, type Policy, type Who } from '#policy';
import { Allow } from './access/allow.js';
import { SeenPrincipals } from './access/seen-principals.js';
import { ActivePolicy } from './active-policy.js';
import { RequestFailed } from './problem/problem.js';
import { Projection, provenance } from './projection.js';

const Access = z
  .object({
    database: z.string(),
    /** Null: no session. */
    granted: z.object({ name: z.string(), login: z.string(), mayAssume: z.array(z.string()) }).nullable(),
    /** The roles before it that do not fit, and why. */
    passed: z.array(z.object({ name: z.string(), why: z.string(), failed: z.boolean() })),
    /** `exemptBy`: the group that lifts it; null where it applies. */
    masks: z.array(z.object({ column: z.string(), mask: z.string(), exemptBy: z.string().nullable() })),
    /** Rules that a statement may meet. `depends`: on the statement, too. */
    rules: z.array(z.object({ name: z.string(), then: Verdict, depends: z.boolean() })),
  })
  .meta({ id: 'Access' });

const Explained = z
  .object({
    principal: Principal,
    actors: z.array(By),
    /** When it came last. */
    seenAt: z.int(),
    target: z.string(),
    policy: z.string(),
    /** Claims that the policy reads and that were not recorded when it came: they count as not there. */
    unknownClaims: z.array(z.string()),
    items: z.array(Access),
    ...provenance,
  })
  .meta({ id: 'AccessExplained' });

const ExplainQuery = z.strictObject({
  principal: z.string().min(1).max(2_000).describe('`issuer#subject`, or the subject alone where only one issuer has it.'),
  target: z.string().min(1).max(63),
  database: z.string().min(1).max(63).optional().describe('Without it: those that the roles for the target name.'),
});

@ApiTags('policy')
@Controller('access')
export class AccessExplainedController {
  constructor(
    private readonly active: ActivePolicy,
    private readonly seen: SeenPrincipals,
    private readonly projection: Projection,
  ) {}

  @Get()
  @Allow('viewer', 'responder', 'approver', 'auditor')
  @ApiOperation({ operationId: 'explainAccess', summary: 'Which role a principal gets on a target, and why' })
  @ApiOkResponse({ standardSchema: Explained })
  explain(
    @Query({ schema: ExplainQuery }) { principal: name, target, database }: z.infer<typeof ExplainQuery>,
  ): z.infer<typeof Explained> {
    const policy = this.active.compiled;
    if (!policy) throw new RequestFailed('not-found', 'No policy was activated yet.');
    const [who, ...more] = this.seen.find(name);
    if (!who)
      throw new RequestFailed('not-found', `${name} has had no session yet: explain it with the policy file and its groups.`);
    if (more.length > 0) throw new RequestFailed('bad-request', `Several issuers have a ${name}: say <issuer>#${name}.`);
    const databases = database === undefined ? databasesNamed(policy, target) : [database];
    if (databases.length === 0) throw new RequestFailed('bad-request', `No role names a database of ${target}: say which one.`);
    return {
      principal: who.principal,
      actors: [...who.actors],
      seenAt: who.at,
      target,
      policy: policy.hash,
      unknownClaims: policy.claimsRead.filter((claim) => !Object.hasOwn(who.claims, claim)),
      items: databases.map((one) => explained(policy, who, target, one)),
      source: 'log',
      projected_through: this.projection.readThrough(),
    };
  }
}

function explained(policy: Policy, who: Who, target: string, database: string): z.infer<typeof Access> {
  const { granted, passed, masks, rules } = accessOf(policy, who, target, database);
  return {
    database,
    granted: granted ? { ...granted, mayAssume: [...granted.mayAssume] } : null,
    passed: [...passed],
    masks: masks.map(({ exemptBy = null, ...mask }) => ({ ...mask, exemptBy })),
    rules: [...rules],
  };
}
