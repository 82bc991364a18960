/** The pages, and what their addresses say. */
export type Route =
  | { readonly page: 'sessions'; readonly query: URLSearchParams }
  | { readonly page: 'session'; readonly id: string; readonly seq: number | undefined }
  | { readonly page: 'approvals'; readonly query: URLSearchParams }
  | { readonly page: 'alerts' }
  | { readonly page: 'nowhere' };

const sessionPath = /^\/sessions\/([0-9a-f-]{36})(?:\/steps\/(\d{1,15}))?\/?$/i;

export function routeOf(address: string): Route {
  const { pathname, searchParams: query } = new URL(address, location.origin);
  if (pathname === '/' || pathname === '/sessions') return { page: 'sessions', query };
  if (pathname === '/approvals') return { page: 'approvals', query };
  if (pathname === '/alerts') return { page: 'alerts' };
  const [, id, seq] = sessionPath.exec(pathname) ?? [];
  if (id === undefined) return { page: 'nowhere' };
  return { page: 'session', id, seq: seq === undefined ? undefined : Number(seq) };
}

export const sessionsUrl = (query?: URLSearchParams): string =>
  query === undefined || query.size === 0 ? '/sessions' : `/sessions?${query.toString()}`;
export const sessionUrl = (id: string): string => `/sessions/${id}`;
export const stepUrl = (id: string, seq: number): string => `/sessions/${id}/steps/${seq}`;
export const approvalsUrl = (outcome: 'waiting' | 'all' = 'waiting'): string =>
  outcome === 'waiting' ? '/approvals' : '/approvals?outcome=all';
export const alertsUrl = '/alerts';
