import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiCookieAuth, ApiExtension, ApiResponse } from '@nestjs/swagger';
import { Problem } from '../problem/problem.js';
import type { Role } from './role.js';

/** Who may call a route: anyone, whoever is logged in, or who has one of these roles. */
export type Permission = 'anyone' | 'logged-in' | readonly [Role, ...Role[]];

export const permissionKey = 'sallyport:permission';

const problems = ApiResponse({ status: 'default', description: 'What went wrong.', standardSchema: Problem });
const known = [ApiBearerAuth(), ApiCookieAuth('console'), problems];

/** Lets in who has one of these roles; an admin has every role. A route without a permission lets nobody in. */
export const Allow = (...roles: [Role, ...Role[]]): MethodDecorator =>
  applyDecorators(SetMetadata(permissionKey, roles satisfies Permission), ApiExtension('x-roles', roles), ...known);

/** Lets in whoever is known, even without a role on the platform: what is their own. */
export const AllowLoggedIn = (): MethodDecorator =>
  applyDecorators(SetMetadata(permissionKey, 'logged-in' satisfies Permission), ApiExtension('x-roles', 'logged-in'), ...known);

/** Lets everyone in, without asking who it is. */
export const AllowAnyone = (): MethodDecorator =>
  applyDecorators(SetMetadata(permissionKey, 'anyone' satisfies Permission), ApiExtension('x-roles', 'anyone'));
