import { api, bodyOf } from '../api/client.js';
import { type Problem, problemOf } from '../api/problem.js';

const refused: Problem = {
  status: 401,
  code: 'login-refused',
  title: 'The login was refused',
  detail: 'Try again; if it is refused again, an administrator sees on record why.',
};

/**
 * The one-time code that the address came with is exchanged for a cookie, once, and leaves the address bar and the history before
 * anything else happens. Resolves to why it was refused, it or the login at a provider that ended here.
 */
export const arrival: Promise<Problem | undefined> = arrive();

async function arrive(): Promise<Problem | undefined> {
  const said = new URLSearchParams(location.hash.slice(1));
  const code = said.get('code');
  const isRefused = said.get('login') === 'refused';
  if (code !== null || isRefused) history.replaceState(null, '', location.pathname + location.search);
  return code === null ? (isRefused ? refused : undefined) : redeem(code);
}

async function redeem(code: string): Promise<Problem | undefined> {
  try {
    await bodyOf(api.POST('/api/v1/login/code', { body: { code } }));
    return undefined;
  } catch (error) {
    return problemOf(error);
  }
}
