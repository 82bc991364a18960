import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { z } from 'zod';
import { type DeviceCode, type DeviceLoggedIn, logInByDevice, LoginRefused } from '#identity';
import { Api } from '../api/client.js';
import { Failure } from '../failure.js';
import { apiUrl, findDemo } from '../place.js';
import { type Io, write } from '../terminal/io.js';
import { printable } from '../terminal/printable.js';
import { forgetLogin, keepLogin, keptLogin } from './kept-logins.js';

interface Options {
  readonly api?: string;
  readonly json?: true;
}
interface LoginOptions extends Options {
  readonly withToken?: true;
}

const Ways = z.object({
  device: z
    .object({ issuer: z.string(), clientId: z.string(), scopes: z.array(z.string()), resource: z.string().nullable() })
    .nullable(),
});
const Login = z.object({
  issuer: z.string(),
  subject: z.string(),
  groups: z.array(z.string()),
  roles: z.array(z.string()),
  expires: z.int().nullable(),
});

const apiOption = [
  '--api <url>',
  "where the api is (default: SALLYPORT_API, as SALLYPORT_CONFIG says, or the running demo's)",
] as const;

export function loginCommand(io: Io): Command {
  return new Command('login')
    .description('Log in: open a page in any browser, type a code there, and every command is you from then on.')
    .option(...apiOption)
    .option('--with-token', 'read a token from standard input instead')
    .option('--json', 'one JSON object a line: the code to type, then who is logged in')
    .addHelpText(
      'after',
      `
The token is kept in $XDG_CONFIG_HOME/sallyport/logins.json (or ~/.config), for its owner alone, until it expires or you log out.
Commands use it where neither --token nor SALLYPORT_TOKEN gives another.

Examples:
  $ sallyport login
  $ sallyport login --api https://sallyport.example
  $ sallyport login --with-token < token.txt`,
    )
    .action((options: LoginOptions) => logIn(io, options));
}

export function logoutCommand(io: Io): Command {
  return new Command('logout')
    .description('Forget the login.')
    .option(...apiOption)
    .option('--json', 'one JSON object: whether there was a login')
    .addHelpText('after', '\nExamples:\n  $ sallyport logout')
    .action((options: Options) => logOut(io, options));
}

async function logIn(io: Io, { api, withToken, json }: LoginOptions): Promise<void> {
  const where = await apiUrl(io, api, await findDemo(io.cwd));
  const { accessToken, expires } = withToken ? await tokenFrom(io) : await byDevice(io, where, json === true ? 'json' : 'text');
  // What is kept is what the api takes.
  const login = await new Api(where, accessToken).get(Login, 'login');
  const { issuer, subject, roles } = login;
  const until = login.expires ?? expires ?? null;
  const file = await keepLogin(io, where, { token: accessToken, issuer, subject, expires: until });
  if (json) {
    await write(io, `${JSON.stringify({ api: where, ...login, expires: until })}\n`);
    return;
  }
  const role = roles.length === 0 ? 'with no role on the platform' : `as ${roles.join(', ')}`;
  const time = until === null ? '' : `, until ${new Date(until).toISOString()}`;
  await write(io, `Logged in to ${printable(where)} as ${printable(subject)} ${printable(role)}${time}.\n`);
  io.stderr.write(`The token is kept in ${file}.\n`);
}

async function byDevice(io: Io, where: string, form: 'json' | 'text'): Promise<DeviceLoggedIn> {
  const { device } = await new Api(where, undefined).get(Ways, 'login/ways');
  if (!device)
    throw new Failure('usage', {
      what: `${where} offers no login by a code`,
      why: 'its configuration has no api.login.device',
      todo: 'Add it, or log in with a token: sallyport login --with-token < token.txt',
    });
  const { resource, ...options } = device;
  try {
    return await logInByDevice({ ...options, resource: resource ?? undefined }, show(io, form), Date.now);
  } catch (error) {
    if (!(error instanceof LoginRefused)) throw error;
    const why =
      error.reason === 'issuer-unavailable'
        ? `${device.issuer} cannot be reached`
        : `${device.issuer} said ${printable((error.cause as Error | undefined)?.message ?? 'no')}`;
    throw new Failure('failed', { what: 'Nobody is logged in', why, todo: 'Run sallyport login again.' }, { cause: error });
  }
}

const show =
  (io: Io, form: 'json' | 'text') =>
  ({ userCode, verificationUri, verificationUriComplete, expiresInSeconds }: DeviceCode): void => {
    if (form === 'json') {
      const code = { userCode, verificationUri, verificationUriComplete: verificationUriComplete ?? null, expiresInSeconds };
      io.stdout.write(`${JSON.stringify(code)}\n`);
      return;
    }
    const direct = verificationUriComplete === undefined ? '' : `\nor open ${printable(verificationUriComplete)}`;
    io.stderr.write(
      `Open ${printable(verificationUri)} in a browser and type ${printable(userCode)} there${direct}\nThe code is good for ${Math.round(expiresInSeconds / 60)} min. Waiting …\n`,
    );
  };

async function tokenFrom(io: Io): Promise<DeviceLoggedIn> {
  const accessToken = (await text(io.stdin)).trim();
  if (accessToken !== '') return { accessToken, expires: undefined };
  const why = 'standard input is empty';
  throw new Failure('usage', { what: 'There is no token', why, todo: 'Give one: sallyport login --with-token < token.txt' });
}

async function logOut(io: Io, { api, json }: Options): Promise<void> {
  const where = await apiUrl(io, api, await findDemo(io.cwd));
  const login = await keptLogin(io, where);
  // Forgotten whatever the api says: it may be gone for good.
  await forgetLogin(io, where);
  if (login && (login.expires ?? Infinity) > Date.now())
    await new Api(where, login.token).post(z.object({}), 'login/end', {}).catch((error: unknown) => {
      if (!(error instanceof Failure)) throw error;
      io.stderr.write(`The api was not told: ${error.explanation.why}.\n`);
    });
  if (json) await write(io, `${JSON.stringify({ api: where, loggedOut: login !== undefined })}\n`);
  else await write(io, login ? `Logged out of ${printable(where)}.\n` : `Nobody was logged in to ${printable(where)}.\n`);
}
