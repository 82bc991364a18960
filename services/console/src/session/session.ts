import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { api, bodyOf } from '../api/client.js';

const refreshMs = 5_000;

/** One session; a live one renews itself. */
export const useSession = (id: string) =>
  useQuery({
    queryKey: ['session', id],
    queryFn: () => bodyOf(api.GET('/api/v1/sessions/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data?.session.live === true ? refreshMs : false),
  });

/** One step; what was shown before stays until it is there. */
export const useStep = (id: string, seq: number | undefined) =>
  useQuery({ ...stepOptions(id, seq ?? 0), enabled: seq !== undefined, placeholderData: keepPreviousData });

/** The step before, for what the current one changed. Undefined at the first. */
export const useStepBefore = (id: string, seq: number | undefined) =>
  useQuery({ ...stepOptions(id, (seq ?? 0) - 1), enabled: seq !== undefined && seq > 0 });

const stepOptions = (id: string, seq: number) =>
  queryOptions({
    queryKey: ['step', id, seq],
    queryFn: () => bodyOf(api.GET('/api/v1/sessions/{id}/steps/{seq}', { params: { path: { id, seq } } })),
    // A step never changes, but what its rows were masked by is known once its statement has ended.
    staleTime: ({ state }) => (state.data?.step.results.some(({ masking }) => masking === 'unknown') === true ? 0 : 60_000),
  });
