import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { api, bodyOf } from '../api/client.js';
import { type Filter, requestOf } from './filter.js';

const refreshMs = 5_000;

/** Sessions, newest first, page by page. The first page renews itself; who went on to the next one is left in peace. */
export const useSessions = (filter: Filter) =>
  useInfiniteQuery({
    queryKey: ['sessions', filter],
    queryFn: ({ pageParam }) =>
      bodyOf(
        api.GET('/api/v1/sessions', {
          params: { query: { ...requestOf(filter, Date.now()), ...(pageParam !== null && { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : refreshMs),
  });
