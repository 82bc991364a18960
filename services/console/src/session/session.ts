import { keepPreviousData, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, bodyOf, type OneStep, type SessionState } from '../api/client.js';
import { RequestFailed } from '../api/problem.js';

const refreshMs = 5_000;

/** One session; a live one renews itself. */
export const useSession = (id: string) =>
  useQuery({
    queryKey: ['session', id],
    queryFn: () => bodyOf(api.GET('/api/v1/sessions/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data?.session.live === true ? refreshMs : false),
  });

/** A step, and the state before it: undefined at the first, and where the record has no such step. */
export interface Moment {
  readonly step: OneStep;
  readonly before: SessionState | undefined;
}

/** The moment of a step; the one that was shown stays until it is there. */
export function useMoment(id: string, seq: number | undefined) {
  const client = useQueryClient();
  return useQuery({
    queryKey: ['moment', id, seq],
    queryFn: async (): Promise<Moment> => {
      const at = seq ?? 0;
      const [step, before] = await Promise.all([
        client.query(stepOptions(id, at)),
        at === 0 ? undefined : client.query(stepOptions(id, at - 1)).catch(unlessMissing),
      ]);
      return { step, before: before?.step.state };
    },
    enabled: seq !== undefined,
    placeholderData: keepPreviousData,
  });
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof RequestFailed && error.problem.status === 404) return undefined;
  throw error;
}

const stepOptions = (id: string, seq: number) =>
  queryOptions({
    queryKey: ['step', id, seq],
    queryFn: () => bodyOf(api.GET('/api/v1/sessions/{id}/steps/{seq}', { params: { path: { id, seq } } })),
    // A step never changes, but what its rows were masked by is known once its statement has ended.
    staleTime: ({ state }) => (state.data?.step.results.some(({ masking }) => masking === 'unknown') === true ? 0 : 60_000),
  });
