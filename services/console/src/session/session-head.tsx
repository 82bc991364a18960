import { Box, Skeleton, Text } from '@mantine/core';
import type { Session } from '../api/client.js';
import { SessionStatus } from '../sessions/session-status.js';
import { When } from '../show/when.js';
import classes from './session-head.module.css';

/** Whose session it is, where it went, and how it stands. */
export function SessionHead({ session }: { readonly session: Session | undefined }) {
  return <Box className={classes.head ?? ''}>{session ? <Said session={session} /> : <Skeleton height={16} width="70%" />}</Box>;
}

function Said({ session }: { readonly session: Session }) {
  const { target, database, login, client, application, serverVersion, openedAt } = session;
  const who = whoIs(session);
  const run = runOf(session);
  const where = `${database} on ${target ?? 'no target'}${login === null ? '' : ` as ${login}`}`;
  const from = `${client.address}:${client.port}${application === null || application === '' ? '' : ` (${application})`}`;
  return (
    <Text size="sm" component="div" style={{ overflowWrap: 'anywhere' }}>
      <SessionStatus session={session} /> {who} · {where}
      {serverVersion !== null && ` · Postgres ${serverVersion}`} · from {from} · opened <When at={openedAt} />
      {run !== '' && ` · ${run}`}
    </Text>
  );
}

/** What is at the session, and on whose behalf. */
function whoIs({ principal, actors, user }: Session): string {
  if (!principal) return `never authenticated, came as ${user}`;
  const kind = `${principal.kind ?? 'somebody'} of ${principal.issuer}`;
  const [actor] = actors;
  return actor ? `${actor.subject} on behalf of ${principal.subject}, ${kind}` : kind;
}

/** What is said of its run; what no issuer vouches for is marked. */
function runOf({ run }: Session): string {
  const said = [
    ['run', run.run],
    ['conversation', run.conversation],
    ['tool call', run.toolCall],
    ['trace', run.traceparent],
  ] as const;
  return said.flatMap(([name, told]) => (told ? [`${name} ${told.value}${told.verified ? '' : ' (claimed)'}`] : [])).join(' · ');
}
