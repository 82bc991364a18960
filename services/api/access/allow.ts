import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiCookieAuth, ApiExtension, ApiResponse } from '@nestjs/swagger';
import { Problem } from '../problem/problem.js';
import type { Role } from './role.js';

/** Who may call a route, and what a call of it is recorded as. */
export type Permission = 'anyone' | 'authenticated' | readonly [Role, ...Role[]];

export const permissionKey = 'sallyport:permission';

/** Lets in who has one of these roles; an admin has every role. A route without a permission lets nobody in. */
export const Allow = (...roles: [Role, ...Role[]]): MethodDecorator =>
  applyDecorators(
    SetMetadata(permissionKey, roles satisfies Permission),
    ApiBearerAuth(),
    ApiCookieAuth('console'),
    ApiExtension('x-roles', roles),
    ApiResponse({ status: 'default', description: 'What went wrong.', standardSchema: Problem }),
  );

/** Lets in whoever brings a token that is good, whatever roles its groups give. */
export const AllowAuthenticated = (): MethodDecorator =>
  applyDecorators(
    SetMetadata(permissionKey, 'authenticated' satisfies Permission),
    ApiBearerAuth(),
    ApiCookieAuth('console'),
    ApiExtension('x-roles', 'authenticated'),
    ApiResponse({ status: 'default', description: 'What went wrong.', standardSchema: Problem }),
  );

/** Lets everyone in, without asking who it is. */
export const AllowAnyone = (): MethodDecorator =>
  applyDecorators(SetMetadata(permissionKey, 'anyone' satisfies Permission), ApiExtension('x-roles', 'anyone'));
