import { Anchor, Badge, DataList, Stack, Text } from '@mantine/core';
import type { Decision, Durability } from '../api/client.js';
import { Link } from '../router/link.js';
import { approvalsUrl } from '../router/route.js';
import { FactsLine } from '../show/facts.js';
import { Hash } from '../show/hash.js';
import { Fact, Section } from '../show/section.js';
import { VerdictBadge } from '../show/verdict.js';
import { transactionSaid } from './said.js';

const durabilitySaid: Record<Durability, string> = {
  strict: 'on disk before it was sent',
  overlap: 'on disk before any of its answer was released',
  replicated: 'acknowledged by Kafka before it was sent',
  buffered: 'written, but not synced before it was sent',
};

/** What was decided, by which rule, and on what. */
export function DecisionPanel({ decision }: { readonly decision: Decision }) {
  const { verdict, rule, reason, sqlstate, policy, durability, analyzer, form, on, approval, statements, masked } = decision;
  return (
    <Section title="Decision">
      <Stack gap="xs">
        <Text size="sm" component="div">
          <VerdictBadge verdict={verdict} /> by rule <b>{rule}</b>
          {reason !== undefined && `: ${reason}`}{' '}
          {sqlstate !== undefined && (
            <Badge color="red" variant="outline" size="sm">
              {sqlstate}
            </Badge>
          )}
        </Text>
        {statements.map((facts) => (
          <FactsLine key={facts.from} facts={facts} />
        ))}
        <DataList size="sm" orientation="horizontal">
          {approval !== undefined && (
            <Fact name="Approval">
              <Anchor component={Link} href={approvalsUrl('all')} size="sm">
                {approval}
              </Anchor>
            </Fact>
          )}
          {masked && masked.length > 0 && <Fact name="Masked">{masked.join(', ')}</Fact>}
          <Fact name="Policy">
            <Hash value={policy} name="policy hash" />
          </Fact>
          <Fact name="Durability">
            {durability}: {durabilitySaid[durability]}
          </Fact>
          <Fact name="Decided on">
            role {on.role}, search_path {on.searchPath.length > 0 ? on.searchPath.join(', ') : 'empty'},{' '}
            {transactionSaid[on.transaction]}, catalog <Hash value={on.catalog} name="catalog hash" />
          </Fact>
          <Fact name="Analysed as">
            {form} by analyzer {analyzer}
          </Fact>
        </DataList>
      </Stack>
    </Section>
  );
}
