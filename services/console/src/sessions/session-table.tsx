import { Anchor, Badge, Group, Table, Text } from '@mantine/core';
import type { Session } from '../api/client.js';
import { Link } from '../router/link.js';
import { sessionUrl } from '../router/route.js';
import { When } from '../show/when.js';
import { SessionStatus } from './session-status.js';

/** Sessions, one a row. On a small screen only who, when and how it went. */
export function SessionTable({ sessions }: { readonly sessions: readonly Session[] }) {
  return (
    <Table aria-label="Sessions" highlightOnHover verticalSpacing="xs" style={{ fontVariantNumeric: 'tabular-nums' }}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Session</Table.Th>
          <Table.Th visibleFrom="sm">Database</Table.Th>
          <Table.Th>State</Table.Th>
          <Table.Th ta="right" visibleFrom="xs">
            Statements
          </Table.Th>
          <Table.Th>Decided</Table.Th>
          <Table.Th ta="right" visibleFrom="md">
            Failed
          </Table.Th>
          <Table.Th ta="right" visibleFrom="sm">
            Rows
          </Table.Th>
          <Table.Th ta="right" visibleFrom="md">
            Masked
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {sessions.map((session) => (
          <SessionRow key={session.id} session={session} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function SessionRow({ session }: { readonly session: Session }) {
  const { id, principal, user, openedAt, target, database } = session;
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} href={sessionUrl(id)} size="sm" fw={500}>
          {principal?.subject ?? `${user} (not authenticated)`}
        </Anchor>
        <Text size="xs" c="dimmed">
          <When at={openedAt} />
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        {database}
        <Text size="xs" c="dimmed">
          {target ?? 'no target'}
        </Text>
      </Table.Td>
      <Table.Td>
        <SessionStatus session={session} />
      </Table.Td>
      <Table.Td ta="right" visibleFrom="xs">
        {session.statements}
      </Table.Td>
      <Table.Td>
        <Decided session={session} />
      </Table.Td>
      <Table.Td ta="right" visibleFrom="md">
        {session.failed}
      </Table.Td>
      <Table.Td ta="right" visibleFrom="sm">
        {session.rows}
      </Table.Td>
      <Table.Td ta="right" visibleFrom="md">
        {session.masked}
      </Table.Td>
    </Table.Tr>
  );
}

function Decided({ session: { allowed, denied, held } }: { readonly session: Session }) {
  const counts = [
    { count: allowed, word: 'allowed', color: 'teal' },
    { count: denied, word: 'denied', color: 'red' },
    { count: held, word: 'held', color: 'orange' },
  ].filter(({ count }) => count > 0);
  return (
    <Group gap={4}>
      {counts.map(({ count, word, color }) => (
        <Badge key={word} color={color} variant="light" size="sm" tt="none">
          {count} {word}
        </Badge>
      ))}
    </Group>
  );
}
