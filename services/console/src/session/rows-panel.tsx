import { Badge, Button, Stack, Table, Text, Title, VisuallyHidden } from '@mantine/core';
import { useState } from 'react';
import type { Cell, StepResult } from '../api/client.js';
import { CellText } from '../show/cell.js';
import { counted } from '../show/counted.js';
import { LockIcon } from '../show/icons.js';
import classes from './rows-panel.module.css';

const rowsAtOnce = 200;

type Why = StepResult['absent'][number]['why'];
const whySaid: Record<Why, string> = {
  cap: 'beyond what is recorded of a result',
  policy: 'a rule keeps them off the record',
  secret: 'they may hold a secret',
  erased: 'they were erased',
  log: 'the log was broken when they passed',
  role: 'your roles do not see rows; responder does',
};

/** The rows that the client was handed at this step, as it was handed them: after masking. */
export function RowsPanel({ result }: { readonly result: StepResult }) {
  const { columns, rows, absent, masking, n } = result;
  const [most, setMost] = useState(rowsAtOnce);
  return (
    <Stack gap="xs" component="section" aria-label="Rows">
      <Title order={3} size="h5">
        Rows handed to the client
        {n !== null && (
          <Text span inherit c="dimmed" fw={400}>
            {' '}
            by statement {n}
          </Text>
        )}
      </Title>
      {masking === 'unknown' && (
        <Text size="sm" c="dimmed">
          The statement has no recorded end yet, so it is not known which columns were masked.
        </Text>
      )}
      {columns.length > 0 && rows.length > 0 && (
        <Table.ScrollContainer minWidth={0} maxHeight={420} type="native">
          <Table
            aria-label="Rows handed to the client"
            withTableBorder
            stickyHeader
            verticalSpacing={4}
            className={classes.rows ?? ''}
          >
            <Table.Thead>
              <Table.Tr>
                {columns.map(({ name, mask }, i) => (
                  <Table.Th key={i} className={mask === null ? '' : (classes.masked ?? '')}>
                    {name}
                    {mask !== null && (
                      <Badge
                        size="xs"
                        variant="default"
                        ml={6}
                        tt="none"
                        style={{ verticalAlign: 'middle' }}
                        leftSection={<LockIcon />}
                      >
                        {mask}
                      </Badge>
                    )}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.slice(0, most).map((row, i) => (
                <Row key={i} row={row} columns={columns} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {rows.length > most && (
        <Button
          variant="default"
          onClick={() => {
            setMost(most + rowsAtOnce);
          }}
        >
          Show more: {most} of {rows.length} are shown
        </Button>
      )}
      {absent.map(({ count, why }) => (
        <Text key={why} size="sm" c="dimmed">
          {counted(count, rows.length > 0 ? 'more row' : 'row')} handed over, not shown: {whySaid[why]}.
        </Text>
      ))}
    </Stack>
  );
}

function Row({ row, columns }: { readonly row: readonly Cell[]; readonly columns: StepResult['columns'] }) {
  return (
    <Table.Tr>
      {row.map((cell, i) => {
        const mask = columns[i]?.mask ?? null;
        return (
          <Table.Td key={i} className={mask === null ? '' : (classes.masked ?? '')} data-masked={mask ?? undefined}>
            <CellText cell={cell} />
            {mask !== null && <VisuallyHidden> (masked by {mask})</VisuallyHidden>}
          </Table.Td>
        );
      })}
    </Table.Tr>
  );
}
