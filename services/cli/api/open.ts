import { Command } from 'commander';
import { Failure } from '../failure.js';
import { keptLogin } from '../login/kept-logins.js';
import { apiUrl, findDemo } from '../place.js';
import type { Io } from '../terminal/io.js';
import { printable } from '../terminal/printable.js';
import { Api } from './client.js';

/** The options of every command that asks the api. */
export interface ApiOptions {
  readonly api?: string;
  readonly token?: string;
}

/** Whose token of a running demo a command uses where it is given none: the least that it needs. */
export type DemoRole = 'responder' | 'approver' | 'auditor';

export const apiCommand = (name: string): Command =>
  new Command(name)
    .option('--api <url>', "where the api is (default: SALLYPORT_API, as SALLYPORT_CONFIG says, or the running demo's)")
    .option(
      '--token <token>',
      "who asks: an access token or a service token (default: SALLYPORT_TOKEN, as `sallyport login` left it, or the running demo's)",
    );

/** @throws Failure when it is not known where the api is, or who asks */
export async function openApi(io: Io, { api, token }: ApiOptions, role: DemoRole): Promise<Api> {
  const secret = token ?? io.env['SALLYPORT_TOKEN'];
  const isNamed = [api, io.env['SALLYPORT_API'], io.env['SALLYPORT_CONFIG']].some((place) => place !== undefined);
  const demo = isNamed && secret !== undefined ? undefined : await findDemo(io.cwd);
  const where = await apiUrl(io, api, demo);
  const login = secret === undefined ? await keptLogin(io, where) : undefined;
  if (login && (login.expires ?? Infinity) <= Date.now()) {
    const why = `that of ${printable(login.subject)} at ${where} was good until ${new Date(login.expires ?? 0).toISOString()}`;
    throw new Failure('failed', { what: 'The login has expired', why, todo: 'Run sallyport login, or sallyport logout.' });
  }
  // The tokens of a demo are for its own api and nobody else's.
  const who = secret ?? login?.token ?? (where === demo?.apiUrl ? demo.tokens?.[role] : undefined);
  if (who === undefined) {
    const why = `there is no token for ${where}`;
    throw new Failure('usage', {
      what: 'It is not known who asks',
      why,
      todo: 'Run sallyport login, or give --token <token> or SALLYPORT_TOKEN.',
    });
  }
  return new Api(where, who);
}
