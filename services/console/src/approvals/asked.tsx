import { Anchor, DataList, Stack, Table, Text } from '@mantine/core';
import type { Approval, Facts } from '../api/client.js';
import { Link } from '../router/link.js';
import { stepUrl } from '../router/route.js';
import { CellText } from '../show/cell.js';
import { FactsLine } from '../show/facts.js';
import { Hash } from '../show/hash.js';
import { Sql } from '../show/text.js';
import { When } from '../show/when.js';
import { useSessionOf } from './approvals.js';

/** All that a vote is bound to, as far as it was kept. */
export function Asked({ approval }: { readonly approval: Approval }) {
  const { sql, parameters, principal, role, searchPath, rule, reason, since, until, binding, session, n, seq } = approval;
  const where = useSessionOf(approval).data?.session;
  const facts = [
    ['Who asks', principal ? `${principal.subject} of ${principal.issuer}` : 'unknown'],
    ['Where', where ? `${where.database} on ${where.target ?? 'no target'}` : '…'],
    ['As role', role ?? 'unknown'],
    ['search_path', searchPath.length > 0 ? searchPath.join(', ') : 'empty'],
    ['Held by rule', rule === null ? 'unknown' : reason === null ? rule : `${rule}: ${reason}`],
    ['Approvers', `${approval.quorum} ${approval.quorum === 1 ? 'vote' : 'votes'} from ${approval.approvers.join(', ')}`],
    ['The client', approval.mode === 'wait' ? 'waits for the vote' : 'was told to send the same again once approved'],
  ] as const;
  return (
    <Stack gap="sm">
      {sql === null ? (
        <Text c="dimmed" fs="italic">
          The text is not shown: it was not kept, or your roles do not see it.
        </Text>
      ) : (
        <Sql text={sql} label="The statement that is held" />
      )}
      <Parameters parameters={parameters} />
      {approval.statements.map((each: Facts) => (
        <FactsLine key={each.from} facts={each} />
      ))}
      <DataList size="sm" orientation="horizontal" withDivider={false}>
        {facts.map(([label, value]) => (
          <DataList.Item key={label}>
            <DataList.ItemLabel>{label}</DataList.ItemLabel>
            <DataList.ItemValue style={{ overflowWrap: 'anywhere' }}>{value}</DataList.ItemValue>
          </DataList.Item>
        ))}
        <DataList.Item>
          <DataList.ItemLabel>Asked</DataList.ItemLabel>
          <DataList.ItemValue>
            <When at={since} />
          </DataList.ItemValue>
        </DataList.Item>
        <DataList.Item>
          <DataList.ItemLabel>Open until</DataList.ItemLabel>
          <DataList.ItemValue>
            <When at={until} />
          </DataList.ItemValue>
        </DataList.Item>
        <DataList.Item>
          <DataList.ItemLabel>Binding</DataList.ItemLabel>
          <DataList.ItemValue>
            <Hash value={binding} name="binding" />
          </DataList.ItemValue>
        </DataList.Item>
        <DataList.Item>
          <DataList.ItemLabel>Session</DataList.ItemLabel>
          <DataList.ItemValue>
            <Anchor component={Link} href={stepUrl(session, seq)} size="sm">
              Step {seq}, of statement {n}
            </Anchor>
          </DataList.ItemValue>
        </DataList.Item>
      </DataList>
    </Stack>
  );
}

function Parameters({ parameters }: { readonly parameters: Approval['parameters'] }) {
  if (parameters === null || parameters.length === 0) return null;
  return (
    <Table aria-label="Parameters" withTableBorder verticalSpacing={4} ff="monospace">
      <Table.Tbody>
        {parameters.map((value, i) => (
          <Table.Tr key={i}>
            <Table.Th w={60}>${i + 1}</Table.Th>
            <Table.Td style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
              <CellText cell={value} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
