import { Alert, EmptyState, SegmentedControl, Stack } from '@mantine/core';
import { useState } from 'react';
import type { Approval } from '../api/client.js';
import { useLogin } from '../login/login.js';
import { navigate } from '../router/location.js';
import { approvalsUrl } from '../router/route.js';
import { LoadingRows } from '../show/loading-rows.js';
import { More } from '../show/more.js';
import { PageTitle } from '../show/page-title.js';
import { ReadProblem } from '../show/problem-alert.js';
import { ApprovalCard } from './approval-card.js';
import { type Shown, useApprovals } from './approvals.js';

/** Statements that wait for a human, and those that did. */
export function ApprovalsPage({ query }: { readonly query: URLSearchParams }) {
  const shown: Shown = query.get('outcome') === 'all' ? 'all' : 'waiting';
  const { data, failureReason: error, ...list } = useApprovals(shown);
  const [voted, setVoted] = useState<Approval>();
  const approvals = data?.pages.flatMap(({ items }) => items);
  return (
    <Stack maw={900}>
      <PageTitle title="Approvals" from={data?.pages[0]}>
        <SegmentedControl
          aria-label="Which approvals"
          value={shown}
          data={[
            { value: 'waiting', label: 'Waiting' },
            { value: 'all', label: 'All' },
          ]}
          onChange={(value) => {
            navigate(approvalsUrl(value));
          }}
        />
      </PageTitle>
      {voted && <VoteOnRecord approval={voted} />}
      {error && <ReadProblem error={error} />}
      {!approvals && !error && <LoadingRows what="approvals" rows={3} />}
      {approvals?.length === 0 && (
        <EmptyState
          title={shown === 'waiting' ? 'Nothing waits for a vote' : 'Nothing was held yet'}
          description="A statement that a rule holds appears here while its client waits, or until it expires."
        />
      )}
      {approvals?.map((approval) => (
        <ApprovalCard key={approval.id} approval={approval} voted={setVoted} />
      ))}
      <More {...list} />
    </Stack>
  );
}

/** Stays when the list no longer shows what was voted on. */
function VoteOnRecord({ approval }: { readonly approval: Approval }) {
  const { issuer, subject } = useLogin();
  const vote = approval.votes.find(({ by }) => by.issuer === issuer && by.subject === subject);
  if (!vote) return null;
  return (
    <Alert color="teal" title={`Your vote is on record: ${vote.kind}`} role="status">
      It is event {vote.event}. The statement is {approval.outcome}.
    </Alert>
  );
}
