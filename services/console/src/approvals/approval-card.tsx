import { Alert, Badge, Group, List, Paper, Stack, Text, Title } from '@mantine/core';
import type { Approval } from '../api/client.js';
import { durationSaid, When } from '../show/when.js';
import { useNow } from '../show/use-now.js';
import { Asked } from './asked.js';
import { VoteForm } from './vote-form.js';

const colors: Record<Approval['outcome'], string> = {
  ...{ waiting: 'orange', granted: 'teal', consumed: 'teal' },
  ...{ denied: 'red', expired: 'gray', withdrawn: 'gray' },
};

interface ApprovalCardProps {
  readonly approval: Approval;
  /** Told what became of it by a vote from here. */
  readonly voted: (approval: Approval) => void;
}

/** One held statement: what is asked, how long for, who voted, and the vote. */
export function ApprovalCard({ approval, voted }: ApprovalCardProps) {
  const { outcome, statements, principal, votes, consumed } = approval;
  const title = `${statements.map(({ verb }) => verb).join('; ') || 'Statement'} by ${principal?.subject ?? 'an unknown principal'}`;
  return (
    <Paper component="article" withBorder p="md" radius="md" aria-label={title}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4">
            {title}
          </Title>
          <Group gap="xs">
            {outcome === 'waiting' && <Countdown until={approval.until} />}
            <Badge color={colors[outcome]}>{outcome}</Badge>
          </Group>
        </Group>
        <Asked approval={approval} />
        {votes.length > 0 && <Votes votes={votes} />}
        {consumed && (
          <Alert color="teal" title="It ran">
            As statement {consumed.n}, decided at <When at={consumed.at} />. Only one ever does under an approval.
          </Alert>
        )}
        {outcome === 'waiting' && <VoteForm approval={approval} voted={voted} />}
      </Stack>
    </Paper>
  );
}

function Countdown({ until }: { readonly until: number }) {
  const left = until - useNow();
  return (
    <Text size="sm" role="timer" style={{ fontVariantNumeric: 'tabular-nums' }}>
      {left > 0 ? `expires in ${durationSaid(left)}` : 'expired'}
    </Text>
  );
}

function Votes({ votes }: { readonly votes: Approval['votes'] }) {
  return (
    <List size="sm" aria-label="Votes">
      {votes.map(({ kind, by, reason, at, event }) => (
        <List.Item key={event}>
          {kind} by {by.subject} of {by.issuer}, <When at={at} />
          {reason !== null && `: ${reason}`}
        </List.Item>
      ))}
    </List>
  );
}
