import { z } from 'zod';
import { issuers } from './issuers.js';
import { breakGlass, issuedTokens, login, sessions } from './login.js';
import { path, type Place, readableFile, secret } from './place.js';
import { secretsSection } from './reference.js';
import { port, targets } from './targets.js';

const host = z.string().min(1);
const groups = z.array(z.string().min(1)).default([]);

const listen = (place: Place) =>
  z.strictObject({
    host: host.default('127.0.0.1').describe('The address that the proxy listens on.'),
    port: port.default(6432).describe('The port that the proxy listens on.'),
    tls: z
      .strictObject({
        cert: readableFile(place).describe('Certificate and its chain, PEM.'),
        key: readableFile(place).describe('Its key, PEM.'),
      })
      .describe('Tokens are passwords: the proxy takes them inside TLS only.'),
    authentication: z
      .enum(['password', 'oauth', 'by-option'])
      .default('by-option')
      .describe(
        'How clients hand their token over: as a password, by SASL OAUTHBEARER, or by the latter where they start with `options=-c sallyport.auth=oauth`.',
      ),
    oauth: z
      .strictObject({
        issuer: z
          .string()
          .min(1)
          .optional()
          .describe('The issuer that clients without a token are sent to. Without it: the first.'),
        scope: z.string().default('').describe('The scope that they are told to ask for.'),
      })
      .prefault({})
      .describe('What OAUTHBEARER tells clients that have no token.'),
  });

const kafka = (place: Place) =>
  z.strictObject({
    brokers: z
      .array(z.string().regex(/^[^\s:]+:\d+$/, 'must be host:port'))
      .min(1)
      .describe('host:port of one or more brokers. With brokers set, Kafka is the event log.'),
    tls: z
      .strictObject({ ca: readableFile(place).optional().describe("Certificates to trust, PEM. Without it: the system's.") })
      .optional()
      .describe('Given, even empty: connect by TLS.'),
    sasl: z
      .strictObject({
        mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).describe('How to log in.'),
        username: z.string().min(1).describe('Who logs in.'),
        password: secret(place).describe('Its password.'),
      })
      .optional()
      .describe('How to log in to the brokers.'),
  });

const clickhouse = (place: Place) =>
  z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe('A ClickHouse server. Without it: the embedded engine.'),
      port: port.default(8123).describe('The loopback port of the embedded engine.'),
      user: z.string().min(1).default('sallyport').describe('Who logs in.'),
      password: secret(place).describe('Its password; the embedded engine asks for the same.'),
      database: z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be letters, digits and _')
        .default('sallyport')
        .describe('The database; made when absent.'),
    })
    .transform(({ url, ...rest }) => ({ ...rest, embedded: url === undefined, url: url ?? `http://127.0.0.1:${rest.port}` }));

const roles = z.strictObject({
  viewer: groups.describe('Groups that see sessions, without SQL, parameters and rows.'),
  responder: groups.describe('Groups that see them with SQL, parameters and rows.'),
  approver: groups.describe('Groups that vote on held statements, and see the text of these.'),
  auditor: groups.describe('Groups that make reports and exports; they see no SQL, parameters or rows.'),
  admin: groups.describe('Groups that may do all of it.'),
});

const api = (place: Place) =>
  z.strictObject({
    host: host.default('127.0.0.1').describe('The address that the api listens on.'),
    port: port.default(8080).describe('The port that the api listens on.'),
    publicUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('How people reach it, where that differs. With https, cookies are for https alone.'),
    proxies: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Addresses or networks of reverse proxies before it: whom they name in X-Forwarded-For is believed to be the caller.',
      ),
    login: login(place).prefault({}).describe('How people log in to the console and with `sallyport login`.'),
    sessions: sessions.prefault({}).describe('Logins of browsers.'),
    tokens: issuedTokens(place).optional().describe('Gives out tokens of our own: needs an entry of `issuers` with `kind: own`.'),
    breakGlass: breakGlass(place)
      .optional()
      .describe('A local admin for when no issuer can be reached. Leave it out unless it is needed: each use is on record.'),
    roles: roles.prefault({}).describe('Which groups may do what.'),
    consoleCode: secret(place)
      .optional()
      .describe(
        'Logs one browser in, once, as an admin. Another one is let in by another code; leave it out where everyone brings a token.',
      ),
  });

const limits = z.strictObject({
  connections: z.int().min(1).default(200).describe('Sessions at a time.'),
  messageMiB: z.int().min(1).max(1024).default(64).describe('The longest message that is accepted.'),
  startupSeconds: z.int().min(1).default(10).describe('From the first byte to the end of authentication.'),
  idleSeconds: z.int().min(1).optional().describe('A session that does nothing for longer is closed.'),
  tokenExpiry: z
    .enum(['expiry', 'statement', 'grace'])
    .default('statement')
    .describe(
      'When a session ends whose token has expired. `expiry`: at once, what runs is cancelled. `statement`: what the server runs may end, nothing more is taken. `grace`: as `statement`, graceSeconds later.',
    ),
  graceSeconds: z.int().min(0).default(60).describe('With `grace`: how long statements are still taken.'),
});

/** Every section of `sallyport.yml`. The services take the parts that they need of it. */
export const sections = (place: Place) =>
  z.strictObject({
    dataDir: path(place).describe('Where events and derived data are kept.'),
    listen: listen(place).describe('Where the proxy listens.'),
    targets: targets(place).describe('The Postgres servers behind it.'),
    secrets: secretsSection(place).prefault({}).describe('What it takes to have the secrets that logins refer to.'),
    issuers: issuers.default([]).describe('Whose tokens are accepted.'),
    tokens: z
      .strictObject({ file: path(place).describe('Where the hashes of service tokens are kept.') })
      .optional()
      .describe('Service tokens, for where there is no issuer.'),
    policy: readableFile(place).describe('The policy file.'),
    log: z
      .strictObject({ segmentMiB: z.int().min(1).max(1024).default(64).describe('The size of a segment file.') })
      .prefault({})
      .describe('The event log on disk.'),
    kafka: kafka(place).optional().describe('The event log in its scale-out form.'),
    clickhouse: clickhouse(place).describe('Where projections are kept.'),
    api: api(place).prefault({}).describe('The api and the console.'),
    limits: limits.prefault({}).describe("The proxy's limits."),
  });
