import { type InfiniteData, type QueryClient, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { api, bodyOf, type StepLine, type StepPage } from '../api/client.js';

const pageSize = 200;
/** While the tail has seen a step that the list does not have yet, the list is asked so often. */
const catchUpMs = 500;

type Pages = InfiniteData<StepPage, string | null>;
const keyOf = (id: string) => ['steps', id];

const pageAt = (id: string, cursor: string | null): Promise<StepPage> =>
  bodyOf(
    api.GET('/api/v1/sessions/{id}/steps', {
      params: { path: { id }, query: { limit: pageSize, ...(cursor !== null && { cursor }) } },
    }),
  );

/** The steps of a session in one line each, loaded as far as they are wanted, and as they come. */
export interface Timeline {
  readonly lines: readonly StepLine[];
  readonly from: StepPage | undefined;
  readonly isLoading: boolean;
  /** Whether there are more than `lines`. */
  readonly hasMore: boolean;
  readonly error: Error | null;
  readonly more: () => void;
}

/** @param wanted the seq up to which it is loaded by itself; `reached`: the highest that the live tail has seen */
export function useTimeline(id: string, { wanted, reached }: { readonly wanted: number; readonly reached: number }): Timeline {
  const client = useQueryClient();
  const {
    data,
    failureReason: error,
    isPending,
    hasNextPage,
    isFetching,
    fetchNextPage,
  } = useInfiniteQuery({
    queryKey: keyOf(id),
    queryFn: ({ pageParam }) => pageAt(id, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    staleTime: Infinity,
  });
  const lines = data?.pages.flatMap(({ items }) => items) ?? [];
  const last = lines.at(-1)?.seq ?? -1;
  const isShort = hasNextPage && !isFetching && !error && last < wanted;
  useEffect(() => {
    if (isShort) void fetchNextPage();
  }, [isShort, fetchNextPage]);
  const isBehind = data !== undefined && !hasNextPage && last < reached;
  useEffect(() => {
    if (!isBehind) return undefined;
    const look = (): void => void renewLastPage(client, id).catch(() => undefined); // the next look comes anyway
    look();
    const timer = setInterval(look, catchUpMs);
    return () => {
      clearInterval(timer);
    };
  }, [isBehind, client, id]);
  return {
    ...{ lines, error, hasMore: hasNextPage, isLoading: isPending },
    from: data?.pages.at(-1),
    more: () => void fetchNextPage(),
  };
}

/** What is new is at the end: the pages before it are not asked for again. */
async function renewLastPage(client: QueryClient, id: string): Promise<void> {
  const cursor = client.getQueryData<Pages>(keyOf(id))?.pageParams.at(-1);
  if (cursor === undefined) return;
  const page = await pageAt(id, cursor);
  client.setQueryData<Pages>(keyOf(id), (pages) =>
    pages?.pageParams.at(-1) === cursor ? { ...pages, pages: [...pages.pages.slice(0, -1), page] } : pages,
  );
}
