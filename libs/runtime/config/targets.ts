import { z } from 'zod';
import { logs } from './logs.js';
import { type Place, readableFile } from './place.js';
import { secretReference } from './reference.js';

export const port = z.int().min(1).max(65_535);

const tls = (place: Place) =>
  z
    .strictObject({
      mode: z
        .enum(['disable', 'prefer', 'require', 'verify-ca', 'verify-full'])
        .default('verify-full')
        .describe('What libpq means by the same words. `disable` for a server without TLS on this machine.'),
      ca: readableFile(place).optional().describe("Certificates to trust, PEM. Without it: the system's."),
      cert: readableFile(place).optional().describe('Client certificate, PEM.'),
      key: readableFile(place).optional().describe('Key of the client certificate, PEM.'),
    })
    .refine((value) => (value.cert === undefined) === (value.key === undefined), 'cert and key belong together');

const login = (place: Place) =>
  z.strictObject({
    name: z.string().min(1).describe('A role that may log in to the server. The policy says who uses it.'),
    password: secretReference(place).describe('Where its password is. It is had when it is needed, by the proxy alone.'),
  });

const targetName = z.string().regex(/^[a-z][a-z0-9_-]*$/, 'must be lower case letters, digits, _ and -, a letter first');

const target = (place: Place) =>
  z
    .strictObject({
      name: targetName.describe('The name in policies and events; clients may say `dbname=name/database`.'),
      host: z.string().min(1).describe('Where the server listens.'),
      port: port.default(5432).describe('The port that it listens on.'),
      databases: z.array(z.string().min(1)).min(1).describe('The databases that may be reached. Any other is refused.'),
      tls: tls(place).prefault({}).describe('How the proxy connects to the server.'),
      durability: z
        .enum(['strict', 'buffered'])
        .default('strict')
        .describe('`strict`: on disk before it takes effect. `buffered`: survives the process, not the machine.'),
      untested: z.boolean().default(false).describe('Allows a server version other than 15 to 18.'),
      logins: z.array(login(place)).min(1).describe('The roles that the proxy may log in with.'),
      catalog: z
        .strictObject({ login: z.string().describe('The name of one of the logins; it needs no right but CONNECT.') })
        .describe('How the catalog is read.'),
      logs: logs(place).optional().describe("The server's own log, which is held against what the proxy recorded."),
    })
    .superRefine((value, context) => {
      const names = value.logins.map(({ name }) => name);
      if (new Set(names).size < names.length)
        context.addIssue({ code: 'custom', path: ['logins'], message: 'a name is there twice' });
      if (!names.includes(value.catalog.login))
        context.addIssue({ code: 'custom', path: ['catalog', 'login'], message: 'is not the name of one of the logins' });
    });

/** The targets as the reconciler reads them: it needs no login, and sees no secret. */
export const loggedTargets = (place: Place) => z.array(z.object({ name: targetName, logs: logs(place).optional() })).default([]);

export const targets = (place: Place) =>
  z
    .array(target(place))
    .min(1)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'a name is there twice');
