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
  const { principal, user, target, database, login, client, application, serverVersion, openedAt } = session;
  const who = principal ? `${principal.kind ?? 'somebody'} of ${principal.issuer}` : `never authenticated, came as ${user}`;
  const where = `${database} on ${target ?? 'no target'}${login === null ? '' : ` as ${login}`}`;
  const from = `${client.address}:${client.port}${application === null || application === '' ? '' : ` (${application})`}`;
  return (
    <Text size="sm" component="div" style={{ overflowWrap: 'anywhere' }}>
      <SessionStatus session={session} /> {who} · {where}
      {serverVersion !== null && ` · Postgres ${serverVersion}`} · from {from} · opened <When at={openedAt} />
    </Text>
  );
}
