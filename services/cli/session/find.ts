import { Session } from '../api/answers.js';
import type { Api } from '../api/client.js';
import { isWhole, resolveId } from './id.js';

/** The id of the one session that begins so. @throws Failure when none or several do */
export async function sessionNamed(api: Api, prefix: string): Promise<string> {
  if (isWhole(prefix)) return prefix.toLowerCase();
  const ids: string[] = [];
  for await (const { id } of api.list(Session, 'sessions', { limit: 200 })) ids.push(id);
  return resolveId(ids, prefix);
}
