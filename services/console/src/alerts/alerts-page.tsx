import { Anchor, Badge, EmptyState, Stack, Table, Text } from '@mantine/core';
import type { Alert } from '../api/client.js';
import { Link } from '../router/link.js';
import { sessionUrl, stepUrl } from '../router/route.js';
import { counted } from '../show/counted.js';
import { LoadingRows } from '../show/loading-rows.js';
import { More } from '../show/more.js';
import { PageTitle } from '../show/page-title.js';
import { ReadProblem } from '../show/problem-alert.js';
import { When } from '../show/when.js';
import { useAlerts } from './alerts.js';

const colors: Record<Alert['severity'], string> = { low: 'gray', medium: 'yellow', high: 'orange', critical: 'red' };

/** What the detector raised, newest first. */
export function AlertsPage() {
  const { data, failureReason: error, ...list } = useAlerts();
  const alerts = data?.pages.flatMap(({ items }) => items);
  return (
    <Stack>
      <PageTitle title="Alerts" from={data?.pages[0]} />
      {error && (
        <ReadProblem error={error}>Alerts are listed from ClickHouse alone; sessions and approvals are still shown.</ReadProblem>
      )}
      {!alerts && !error && <LoadingRows what="alerts" />}
      {alerts?.length === 0 && (
        <EmptyState title="No alert was raised" description="The detector reads the same events; what it finds appears here." />
      )}
      {alerts && alerts.length > 0 && (
        <Table aria-label="Alerts" verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Alert</Table.Th>
              <Table.Th visibleFrom="sm">Who</Table.Th>
              <Table.Th>Session</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {alerts.map((alert) => (
              <AlertRow key={alert.alert} alert={alert} />
            ))}
          </Table.Tbody>
        </Table>
      )}
      <More {...list} />
    </Stack>
  );
}

function AlertRow({ alert }: { readonly alert: Alert }) {
  const { title, severity, rule, ruleVersion, threshold, inputs, eventTime, subject, session, seq } = alert;
  return (
    <Table.Tr>
      <Table.Td>
        <Badge color={colors[severity]} size="sm" mr="xs">
          {severity}
        </Badge>
        <Text span size="sm" fw={500}>
          {title}
        </Text>
        <Text size="xs" c="dimmed">
          {rule}, version {ruleVersion}: {threshold}; rests on {counted(inputs.length, 'event')}; <When at={eventTime} />
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="sm">{subject ?? '–'}</Table.Td>
      <Table.Td>
        {session === null ? (
          'none in particular'
        ) : (
          <Anchor component={Link} href={seq === null ? sessionUrl(session) : stepUrl(session, seq)} size="sm">
            {seq === null ? 'The session' : `Step ${seq}`}
          </Anchor>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
