import { z } from 'zod';
import { Failure } from '../failure.js';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

const Problem = z.object({
  title: z.string(),
  detail: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
const Page = z.object({ items: z.array(z.unknown()), next: z.string().nullable() });

/** One event of a stream, and the id from which the stream goes on after it. */
export interface ServerSentEvent {
  readonly id: string;
  readonly data: string;
}

/** Sallyport's api, for someone with a token; without one, for what anyone may ask. */
export class Api {
  /** @param url without the `/api/v1` */
  constructor(
    readonly url: string,
    private readonly token: string | undefined,
  ) {}

  /** @throws Failure with what the api says is wrong */
  async get<S extends z.ZodType>(schema: S, path: string, query: Query = {}): Promise<z.output<S>> {
    return this.read(schema, await this.ask('GET', path, query));
  }

  async post<S extends z.ZodType>(schema: S, path: string, body: object): Promise<z.output<S>> {
    return this.read(schema, await this.ask('POST', path, {}, { body: JSON.stringify(body) }));
  }

  /** The items of a list, page after page. */
  async *list<S extends z.ZodType>(item: S, path: string, query: Query = {}): AsyncGenerator<z.output<S>> {
    for (let cursor: string | undefined; ;) {
      const page = await this.get(Page, path, { ...query, cursor });
      for (const each of page.items) yield item.parse(each);
      if (page.next === null) return;
      cursor = page.next;
    }
  }

  /** A stream of server-sent events, until the api ends it. */
  async *stream(path: string, query: Query, lastEventId: string | undefined): AsyncGenerator<ServerSentEvent> {
    const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const response = await this.ask('GET', path, query, { headers });
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const event = eventIn(text.slice(0, end));
        text = text.slice(end + 2);
        if (event) yield event;
      }
    }
  }

  private async ask(method: string, path: string, query: Query, init: RequestInit = {}): Promise<Response> {
    const url = new URL(`${this.url.replace(/\/$/, '')}/api/v1/${path}`);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
    const headers = {
      ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
      ...(init.body !== undefined && { 'content-type': 'application/json' }),
      ...(init.headers as Record<string, string> | undefined),
    };
    let response: Response;
    try {
      response = await fetch(url, { ...init, method, headers });
    } catch (cause) {
      const todo = 'Start it (npm run demo, or sallyport up), or name another: --api <url>, or SALLYPORT_API.';
      const reason = (cause as Error & { cause?: { code?: string } }).cause?.code;
      const why = `${this.url} cannot be reached${reason === undefined ? '' : ` (${reason})`}`;
      throw new Failure('failed', { what: 'The api does not answer', why, todo }, { cause });
    }
    if (!response.ok) throw await failureOf(response);
    return response;
  }

  private async read<S extends z.ZodType>(schema: S, response: Response): Promise<z.output<S>> {
    const answer = schema.safeParse(await response.json());
    if (answer.success) return answer.data;
    const todo = 'The command line and the api are of different versions, or this is a defect: please report it.';
    throw new Failure('failed', {
      what: 'The api gave an answer that is not known here',
      why: z.prettifyError(answer.error),
      todo,
    });
  }
}

async function failureOf(response: Response): Promise<Failure> {
  const { status } = response;
  const parsed = Problem.safeParse(await response.json().catch(() => undefined));
  const { title, detail, errors } = parsed.success ? parsed.data : { title: `The api answered with status ${status}` };
  const why =
    errors?.map(({ path, message }) => `${path}: ${message}`).join('; ') ?? detail?.replace(/\.$/, '') ?? `status ${status}`;
  return new Failure(status === 404 ? 'notFound' : status === 400 ? 'usage' : 'failed', {
    what: title,
    why,
    todo: adviceFor(status),
  });
}

function adviceFor(status: number): string {
  switch (status) {
    case 400:
      return 'Add --help for what the command takes.';
    case 401:
      return 'Run sallyport login, or give another token: --token <token>, or SALLYPORT_TOKEN.';
    case 403:
      return 'Use the token of someone who may.';
    case 404:
      return 'See `sallyport sessions` and `sallyport approvals list` for what there is.';
    case 503:
      return 'Try again in a moment. `sallyport sessions`, `show`, `replay` and `tail` do without ClickHouse.';
    default:
      return 'Nothing was changed.';
  }
}

function eventIn(block: string): ServerSentEvent | undefined {
  const fields = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
  const data = fields.get('data');
  return data === undefined ? undefined : { id: fields.get('id') ?? '', data };
}
