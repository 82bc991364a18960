import { useQuery } from '@tanstack/react-query';
import { api, bodyOf, type NativeLines, type Session } from '../api/client.js';

const refreshMs = 5_000;
/** So long after its end what the server's own log says of a session may still come. */
const lateMs = 60_000;

/** What Postgres' own log says of a session, as it comes. */
export const useNative = (id: string, session: Session | undefined) =>
  useQuery({
    queryKey: ['native', id],
    queryFn: (): Promise<NativeLines> => bodyOf(api.GET('/api/v1/sessions/{id}/native', { params: { path: { id } } })),
    refetchInterval: session && (session.live || Date.now() - (session.endedAt ?? 0) < lateMs) ? refreshMs : false,
  });
