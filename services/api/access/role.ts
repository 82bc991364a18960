import type { Config } from '#runtime';

/** What someone may do on the platform; groups of their issuer give them these. */
export const platformRoles = ['viewer', 'responder', 'approver', 'auditor', 'admin'] as const;
export type Role = (typeof platformRoles)[number];

/** Which groups have which role. */
export type RoleGroups = Config<'api'>['api']['roles'];

/** The roles of someone in these groups. An admin has them all. */
export function rolesOf(groups: readonly string[], mapping: RoleGroups): readonly Role[] {
  const given = platformRoles.filter((role) => mapping[role].some((group) => groups.includes(group)));
  return given.includes('admin') ? platformRoles : given;
}
