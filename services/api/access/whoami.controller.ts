import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { By, Principal } from '#events';
import { reachOf } from '#policy';
import { ActivePolicy } from '../active-policy.js';
import { AllowLoggedIn } from './allow.js';
import { type Caller, CurrentCaller } from './caller.js';
import { platformRoles } from './role.js';

const Reach = z.object({
  target: z.string(),
  /** A database, or a pattern of names in which `*` stands for anything. */
  database: z.string(),
  role: z.string(),
  login: z.string(),
});
const WhoAmI = z
  .object({
    principal: Principal,
    /** Who acts in its name, the present actor first. */
    actors: z.array(By),
    /** What it may do on the platform. */
    roles: z.array(z.enum(platformRoles)),
    /** Unix milliseconds; null where the login ends otherwise. */
    expires: z.int().nullable(),
    /** SHA-256 of the active policy; null where none was activated yet, or it is not on record. */
    policy: z.string().nullable(),
    /** Where it may go, by the active policy; in the order of its roles. */
    databases: z.array(Reach),
  })
  .meta({ id: 'WhoAmI' });
type WhoAmI = z.infer<typeof WhoAmI>;

@ApiTags('login')
@Controller('whoami')
export class WhoAmIController {
  constructor(private readonly active: ActivePolicy) {}

  @Get()
  @AllowLoggedIn()
  @ApiOperation({ operationId: 'whoAmIToDatabases', summary: 'Who a token is, and which databases it may reach' })
  @ApiOkResponse({ standardSchema: WhoAmI })
  one(@CurrentCaller() { by, kind, groups, actors, claims, roles, expires }: Caller): WhoAmI {
    const principal = { ...by, kind, groups: [...groups] };
    const policy = this.active.compiled;
    return {
      principal,
      actors: [...actors],
      roles: [...roles],
      expires: expires ?? null,
      policy: policy?.hash ?? null,
      databases: policy ? reachOf(policy, { principal, actors, claims }) : [],
    };
  }
}
