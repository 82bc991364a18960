import type { paths } from '../client.js';

type SessionsQuery = NonNullable<paths['/api/v1/sessions']['get']['parameters']['query']>;

export const windows = {
  '15m': { label: 'Last 15 minutes', ms: 900_000 },
  '1h': { label: 'Last hour', ms: 3_600_000 },
  '1d': { label: 'Last day', ms: 86_400_000 },
  '7d': { label: 'Last 7 days', ms: 604_800_000 },
} as const;
export type Window = keyof typeof windows;
export const verdicts = ['allow', 'deny', 'hold'] as const;

/** What the list of sessions is narrowed to, as its address says it. */
export interface Filter {
  readonly principal: string;
  readonly database: string;
  readonly verdict: (typeof verdicts)[number] | null;
  readonly since: Window | null;
  readonly live: 'true' | 'false' | null;
}

export const filterOf = (query: URLSearchParams): Filter => ({
  principal: query.get('principal') ?? '',
  database: query.get('database') ?? '',
  verdict: verdicts.find((verdict) => verdict === query.get('verdict')) ?? null,
  since: (Object.keys(windows) as Window[]).find((window) => window === query.get('since')) ?? null,
  live: (['true', 'false'] as const).find((live) => live === query.get('live')) ?? null,
});

/** The filter as a query string: what narrows nothing is left out. */
export function queryOf(filter: Filter): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter) as [string, string | null][])
    if (value !== null && value !== '') query.set(name, value);
  return query;
}

/** The filter as the api takes it, at this moment. */
export const requestOf = ({ principal, database, verdict, since, live }: Filter, now: number): SessionsQuery => ({
  ...(principal !== '' && { principal }),
  ...(database !== '' && { database }),
  ...(verdict && { verdict }),
  ...(since && { since: String(now - windows[since].ms) }),
  ...(live && { live }),
});
