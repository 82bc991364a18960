import { Accordion, Alert, Code, Grid, Group, Stack, Table, Text, Title } from '@mantine/core';
import type { Step } from '../api/client.js';
import { Section } from '../show/section.js';
import { Sql } from '../show/text.js';
import { When } from '../show/when.js';
import { DecisionPanel } from './decision-panel.js';
import type { Moment } from './session.js';
import { RowsPanel } from './rows-panel.js';
import { StatePanel } from './state-panel.js';
import { kindSaid } from './timeline-list.js';

/** One step: what happened, what was decided, what was said, what was handed over, and the state after it. */
export function StepView({
  moment: {
    step: { step },
    before,
  },
}: {
  readonly moment: Moment;
}) {
  return (
    <Grid gap="md">
      <Grid.Col span={{ base: 12, lg: 8 }}>
        <Stack>
          <Group justify="space-between" aria-live="polite">
            <Title order={2} size="h4">
              <span data-testid="step">{step.seq}</span> · {kindSaid(step.type)}
            </Title>
            <Text size="sm" c="dimmed">
              <When at={step.at} />
            </Text>
          </Group>
          {step.redacted && (
            <Alert color="gray" title="Content is left out">
              Your roles see that something was said and handed over, not what. The role responder sees it.
            </Alert>
          )}
          <StatementText step={step} />
          {step.results.map((result, i) => (
            <RowsPanel key={`${step.seq}/${i}`} result={result} />
          ))}
          {step.decision && <DecisionPanel decision={step.decision} />}
          <Recorded step={step} />
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 4 }}>
        <StatePanel state={step.state} hash={step.hash} before={before} />
      </Grid.Col>
    </Grid>
  );
}

/** The text of the statement that a step is about, or that it was not kept. */
function StatementText({ step: { sql, type, redacted } }: { readonly step: Step }) {
  if (sql === null && (redacted || !type.startsWith('statement.'))) return null;
  return (
    <Section title="SQL">
      {sql === null ? (
        <Text size="sm" c="dimmed">
          The text was not kept.
        </Text>
      ) : (
        <Sql text={sql} label="SQL" />
      )}
    </Section>
  );
}

/** The event itself, and the messages that it accounts for. */
function Recorded({ step: { data, messages } }: { readonly step: Step }) {
  return (
    <Accordion variant="contained" multiple order={3}>
      <Accordion.Item value="event">
        <Accordion.Control>The event as recorded</Accordion.Control>
        <Accordion.Panel>
          <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {JSON.stringify(data, null, 2)}
          </Code>
        </Accordion.Panel>
      </Accordion.Item>
      {messages.length > 0 && (
        <Accordion.Item value="messages">
          <Accordion.Control>Messages on the wire: {messages.reduce((sum, { count }) => sum + count, 0)}</Accordion.Control>
          <Accordion.Panel>
            <Table aria-label="Messages on the wire" verticalSpacing={4}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>From</Table.Th>
                  <Table.Th>Message</Table.Th>
                  <Table.Th ta="right">Count</Table.Th>
                  <Table.Th ta="right">Bytes each</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {messages.map(({ dir, type, length, count }, i) => (
                  <Table.Tr key={i}>
                    <Table.Td>{dir === 'c' ? 'client' : 'server'}</Table.Td>
                    <Table.Td>
                      <Code>{type}</Code>
                    </Table.Td>
                    <Table.Td ta="right">{count}</Table.Td>
                    <Table.Td ta="right">{length}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Accordion.Panel>
        </Accordion.Item>
      )}
    </Accordion>
  );
}
