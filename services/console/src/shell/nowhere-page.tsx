import { Button, EmptyState } from '@mantine/core';
import { Link } from '../router/link.js';
import { sessionsUrl } from '../router/route.js';

export function NowherePage() {
  return (
    <EmptyState
      title="There is no such page"
      description="The address may have been cut when it was copied. Every session can be found in the list."
    >
      <EmptyState.Actions>
        <Button component={Link} href={sessionsUrl()}>
          All sessions
        </Button>
      </EmptyState.Actions>
    </EmptyState>
  );
}
