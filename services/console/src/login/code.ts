import { api, bodyOf } from '../api/client.js';
import { type Problem, problemOf } from '../api/problem.js';

/**
 * The one-time code that the address came with is exchanged for a cookie, once, and leaves the address bar and the history before
 * anything else happens. Resolves to why it was refused.
 */
export const arrival: Promise<Problem | undefined> = redeem(takeCode());

function takeCode(): string | undefined {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (code === null) return undefined;
  history.replaceState(null, '', location.pathname + location.search);
  return code;
}

async function redeem(code: string | undefined): Promise<Problem | undefined> {
  if (code === undefined) return undefined;
  try {
    await bodyOf(api.POST('/api/v1/login/code', { body: { code } }));
    return undefined;
  } catch (error) {
    return problemOf(error);
  }
}
