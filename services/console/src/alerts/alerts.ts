import { useInfiniteQuery } from '@tanstack/react-query';
import { api, bodyOf } from '../api/client.js';

export const useAlerts = () =>
  useInfiniteQuery({
    queryKey: ['alerts'],
    queryFn: ({ pageParam }) =>
      bodyOf(api.GET('/api/v1/alerts', { params: { query: pageParam === null ? {} : { cursor: pageParam } } })),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    refetchInterval: 10_000,
  });
