import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, type Approval, bodyOf } from '../api/client.js';

export type Shown = 'waiting' | 'all';
export type VoteKind = 'grant' | 'deny';

/** Held statements, newest first. */
export const useApprovals = (outcome: Shown) =>
  useInfiniteQuery({
    queryKey: ['approvals', outcome],
    queryFn: ({ pageParam }) =>
      bodyOf(api.GET('/api/v1/approvals', { params: { query: { outcome, ...(pageParam !== null && { cursor: pageParam }) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    refetchInterval: 3_000,
  });

/** Where the statement would run, which its session knows. */
export const useSessionOf = ({ session }: Approval) =>
  useQuery({
    queryKey: ['session', session],
    queryFn: () => bodyOf(api.GET('/api/v1/sessions/{id}', { params: { path: { id: session } } })),
    staleTime: 60_000,
  });

/** A vote on exactly what was shown: on anything else the api refuses it. Resolves when it is on disk. */
export function useVote({ id, binding }: Approval, voted: (approval: Approval) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ kind, reason }: { readonly kind: VoteKind; readonly reason: string }) => {
      const request = { params: { path: { id } }, body: { binding, ...(reason !== '' && { reason }) } };
      return bodyOf(
        kind === 'grant' ? api.POST('/api/v1/approvals/{id}/grant', request) : api.POST('/api/v1/approvals/{id}/deny', request),
      );
    },
    onSuccess: ({ approval }) => {
      voted(approval);
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['approvals'] }),
  });
}
