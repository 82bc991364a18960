import { Button, EmptyState, Stack, Text } from '@mantine/core';
import { navigate } from '../router/location.js';
import { sessionsUrl } from '../router/route.js';
import { LoadingRows } from '../show/loading-rows.js';
import { More } from '../show/more.js';
import { PageTitle } from '../show/page-title.js';
import { ReadProblem } from '../show/problem-alert.js';
import { type Filter, filterOf, queryOf } from './filter.js';
import { SessionFilter } from './session-filter.js';
import { SessionTable } from './session-table.js';
import { useSessions } from './sessions.js';

/** Every session on record, to be narrowed and opened. */
export function SessionsPage({ query }: { readonly query: URLSearchParams }) {
  const filter = filterOf(query);
  const { data, failureReason: error, ...list } = useSessions(filter);
  const sessions = data?.pages.flatMap(({ items }) => items);
  const leftOut = data?.pages[0]?.leftOut ?? 0;
  const change = (to: Filter): void => {
    navigate(sessionsUrl(queryOf(to)), 'replace');
  };
  return (
    <Stack>
      <PageTitle title="Sessions" from={data?.pages[0]} />
      <SessionFilter filter={filter} change={change} />
      {error && <ReadProblem error={error} />}
      {!sessions && !error && <LoadingRows what="sessions" />}
      {sessions?.length === 0 && <NoSession isNarrowed={query.size > 0} />}
      {sessions && sessions.length > 0 && <SessionTable sessions={sessions} />}
      <More {...list} />
      {leftOut > 0 && (
        <Text size="sm" c="dimmed">
          {leftOut} older sessions are not in this list, because ClickHouse does not answer. They are in the event log, and can be
          opened by their id.
        </Text>
      )}
    </Stack>
  );
}

function NoSession({ isNarrowed }: { readonly isNarrowed: boolean }) {
  if (!isNarrowed)
    return (
      <EmptyState
        title="No session is on record yet"
        description="Connect with psql or any driver through the proxy; the session appears here as soon as it is opened."
      />
    );
  return (
    <EmptyState title="No session is like that" description="Names are compared exactly, upper and lower case too.">
      <EmptyState.Actions>
        <Button
          variant="default"
          onClick={() => {
            navigate(sessionsUrl());
          }}
        >
          Show all sessions
        </Button>
      </EmptyState.Actions>
    </EmptyState>
  );
}
