import { Alert, Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { Approval } from '../api/client.js';
import { useLogin } from '../login/login.js';
import { ProblemAlert } from '../show/problem-alert.js';
import { useVote, type VoteKind } from './approvals.js';

interface VoteFormProps {
  readonly approval: Approval;
  readonly voted: (approval: Approval) => void;
}

/** Approve or deny, with a reason that goes on record. */
export function VoteForm({ approval, voted }: VoteFormProps) {
  const vote = useVote(approval, voted);
  const { roles } = useLogin();
  const [reason, setReason] = useState('');
  const cast = (kind: VoteKind) => () => {
    vote.mutate({ kind, reason: reason.trim() });
  };
  if (!roles.includes('approver'))
    return (
      <Text size="sm" c="dimmed">
        To vote you need the role approver; yours are {roles.join(', ')}.
      </Text>
    );
  return (
    <Stack gap="xs">
      <Textarea
        label="Reason"
        description="Goes on record with your vote."
        autosize
        minRows={1}
        maxLength={2000}
        value={reason}
        onChange={({ currentTarget }) => {
          setReason(currentTarget.value);
        }}
      />
      {approval.sql === null && (
        <Alert color="yellow" title="You do not see what is asked">
          The text was not kept. Approve only what you know from elsewhere.
        </Alert>
      )}
      {vote.error && <ProblemAlert error={vote.error} />}
      <Group>
        <Button color="teal" loading={vote.isPending} onClick={cast('grant')}>
          Approve
        </Button>
        <Button color="red" variant="outline" loading={vote.isPending} onClick={cast('deny')}>
          Deny
        </Button>
      </Group>
    </Stack>
  );
}
