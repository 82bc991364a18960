import { isIP } from 'node:net';
import { z } from 'zod';
import { path, type Place } from './place.js';

/** Of an address in an exception: `10.0.0.0/8`, `::1`, or `local` for a Unix socket. */
const addressRange = z.string().refine((text) => {
  if (text === 'local') return true;
  const [address = '', bits, more] = text.split('/');
  const most = { 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return more === undefined && most > 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most));
}, 'must be an address, a range such as 10.0.0.0/8, or local');

const exception = z
  .strictObject({
    name: z.string().min(1).describe('What it is called in events.'),
    user: z.string().min(1).optional().describe('The role that logs in.'),
    database: z.string().min(1).optional().describe('The database.'),
    application: z
      .string()
      .min(1)
      .optional()
      .describe('Its application_name. Anyone can claim one: give another mark beside it.'),
    address: addressRange.optional().describe('Where it comes from: an address, a range (CIDR), or `local` for a Unix socket.'),
    reason: z.string().min(1).describe('Why it may go past the proxy.'),
  })
  .refine(
    ({ user, database, application, address }) => [user, database, application, address].some((mark) => mark !== undefined),
    'must have a user, database, application or address',
  );

/** Where a server's own log is, and what in it is expected. */
export const logs = (place: Place) =>
  z.strictObject({
    path: path(place).describe('The directory of the log, or its files: `*` and `?` in the last part of the path.'),
    format: z
      .enum(['auto', 'jsonlog', 'csvlog'])
      .default('auto')
      .describe('`auto`: jsonlog where there are `.json` files, csvlog otherwise. Of a server that writes both, one is read.'),
    clockSkewSeconds: z.int().min(0).max(300).default(5).describe("How far the server's clock may be from the proxy's."),
    graceSeconds: z.int().min(0).max(3600).default(5).describe('How long an explanation is waited for before a bypass is found.'),
    exceptions: z
      .array(exception)
      .default([])
      .describe('Connections that may be made past the proxy: a pooler, maintenance. All marks of one have to fit.'),
  });
