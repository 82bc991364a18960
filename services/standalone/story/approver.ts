import { setTimeout } from 'node:timers/promises';

export interface ApproverOptions {
  readonly apiUrl: string;
  /** A bearer token of the approver. */
  readonly token: string;
  /** Whose held statement is granted. */
  readonly session: string;
  readonly reason: string;
  readonly signal: AbortSignal;
}

interface Waiting {
  readonly items: readonly { readonly id: string; readonly session: string; readonly binding: string }[];
}

const pollMs = 100;

/** Waits until a statement of the session is held, and grants it: as a person would by console, over the api. */
export async function approve({ apiUrl, token, session, reason, signal }: ApproverOptions): Promise<void> {
  const ask = async (path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${apiUrl}/api/v1/${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal,
    });
    if (!answer.ok) throw new Error(`the api answered ${answer.status} to ${path}: ${await answer.text()}`);
    return answer.json();
  };
  for (;;) {
    const { items } = (await ask('approvals')) as Waiting;
    const held = items.find((item) => item.session === session);
    if (held) {
      // Bound to what was shown: should it have become something else, the vote is refused.
      await ask(`approvals/${held.id}/grant`, { reason, binding: held.binding });
      return;
    }
    await setTimeout(pollMs, undefined, { signal });
  }
}
