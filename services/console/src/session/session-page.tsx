import { Alert, Button, Grid, Stack } from '@mantine/core';
import { useDeferredValue, useState } from 'react';
import { Link } from '../router/link.js';
import { sessionsUrl } from '../router/route.js';
import { LoadingRows } from '../show/loading-rows.js';
import { PageTitle } from '../show/page-title.js';
import { ReadProblem } from '../show/problem-alert.js';
import { useLiveTail } from './live-tail.js';
import { useNative } from './native.js';
import { type Address, currentSeq, movesOf, useFollowing } from './position.js';
import { found, says } from './search.js';
import { SessionHead } from './session-head.js';
import { useMoment, useSession } from './session.js';
import { StepControls } from './step-controls.js';
import { StepView } from './step-view.js';
import { useTimeline } from './timeline.js';
import { TimelineList } from './timeline-list.js';

/** Steps through one session; a live one is followed as it goes on. */
export function SessionPage(address: Address) {
  const { id, seq } = address;
  const [search, setSearch] = useState('');
  const word = search.trim();
  // The list may lag behind the typing; what Enter goes to may not.
  const listedWord = useDeferredValue(word);
  const session = useSession(id);
  const native = useNative(id, session.data?.session);
  const isLive = session.data?.session.live === true;
  const tail = useLiveTail(id, isLive);
  const isFollowing = useFollowing(address, isLive);
  const wantsAll = isFollowing || word !== '';
  const timeline = useTimeline(id, { wanted: wantsAll ? Infinity : (seq ?? 0), reached: tail.reached });
  const current = currentSeq(address, timeline.lines, isFollowing);
  const moment = useMoment(id, current);
  const step = moment.data?.step;
  const first = step?.first ?? 0;
  const last = Math.max(step?.last ?? 0, timeline.lines.at(-1)?.seq ?? 0, tail.reached);
  const moves = movesOf(id, current, { first, last });
  const lines = listedWord === '' ? timeline.lines : timeline.lines.filter((line) => says(line, listedWord));
  const find = (direction: 'forward' | 'back'): void => {
    const hit = word === '' ? undefined : found(timeline.lines, word, current ?? 0, direction);
    if (hit) moves.to(hit.seq);
  };
  const error = session.failureReason ?? timeline.error ?? moment.failureReason;
  if (session.error && !session.data) return <NoSession error={session.error} />;
  return (
    <Stack gap="sm">
      <PageTitle title={titleOf(session.data?.session)} from={step} />
      <SessionHead session={session.data?.session} />
      <StepControls
        {...{ current, first, last, moves, search, setSearch, find }}
        following={isLive ? isFollowing : undefined}
        hits={listedWord === '' ? undefined : lines.length}
      />
      {tail.state === 'interrupted' && (
        <Alert color="orange" title="The live tail was interrupted">
          What is shown is on record; newer steps come as soon as the api answers again.
        </Alert>
      )}
      {error && <ReadProblem error={error} />}
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 4, lg: 3 }}>
          <TimelineList
            id={id}
            timeline={timeline}
            lines={lines}
            native={listedWord === '' ? (native.data?.items ?? []) : []}
            current={current}
          />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 8, lg: 9 }}>
          {moment.data && !moment.error && <StepView moment={moment.data} />}
          {!moment.data && !error && <LoadingRows what="the step" rows={12} />}
        </Grid.Col>
      </Grid>
    </Stack>
  );
}

const titleOf = (
  session: { readonly principal: { readonly subject: string } | null; readonly user: string } | undefined,
): string => (session ? `Session of ${session.principal?.subject ?? session.user}` : 'Session');

/** There is nothing to step through. */
function NoSession({ error }: { readonly error: Error }) {
  return (
    <Stack gap="sm">
      <PageTitle title="Session" />
      <ReadProblem error={error} />
      <Button component={Link} href={sessionsUrl()} variant="default" w="fit-content">
        All sessions
      </Button>
    </Stack>
  );
}
