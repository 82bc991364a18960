import { problemIn, RequestFailed, unreachable } from './problem.js';
import { authorization } from './token.js';

/** One server-sent event. */
export interface StreamedEvent {
  readonly id: string | undefined;
  readonly type: string;
  readonly data: string;
}

export interface Listening {
  /** The id of the last event that was heard, to go on after it. */
  readonly lastId: string | undefined;
  readonly signal: AbortSignal;
  /** Called when the server has begun to answer. */
  readonly opened: () => void;
}

/**
 * Reads server-sent events until the signal aborts or the server ends the stream. `EventSource` cannot send a token; `fetch` can.
 * @throws RequestFailed
 */
export async function* eventStream(url: string, { lastId, signal, opened }: Listening): AsyncGenerator<StreamedEvent> {
  const headers = { ...authorization(), ...(lastId !== undefined && { 'last-event-id': lastId }) };
  const response = await fetch(url, { headers, signal }).catch((cause: unknown): never => {
    throw new RequestFailed(unreachable, { cause });
  });
  if (!response.ok || !response.body) throw new RequestFailed(problemIn(await bodyIn(response), response.status));
  opened();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (text + value).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parseBlock(block);
      if (event) yield event;
    }
  }
}

/** Undefined for what carries no data: comments, and ids alone. */
function parseBlock(block: string): StreamedEvent | undefined {
  const fields = block.split('\n').map((line) => /^(\w+): ?(.*)$/.exec(line));
  const all = (name: string) => fields.flatMap((field) => (field?.[1] === name ? [field[2] ?? ''] : []));
  const data = all('data');
  return data.length === 0 ? undefined : { id: all('id').at(-1), type: all('event').at(-1) ?? 'message', data: data.join('\n') };
}

const bodyIn = (response: Response): Promise<unknown> => response.json().catch(() => undefined);
