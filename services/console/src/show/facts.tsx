import { Badge, Group, Text } from '@mantine/core';
import type { Facts } from '../api/client.js';

/** What a statement is and touches, as it was analysed. */
export function FactsLine({ facts }: { readonly facts: Facts }) {
  const { verb, effects, reads, writes, functions, settings = [], unbounded, risks } = facts;
  const touched = [
    ['reads', reads],
    ['writes', writes],
    ['calls', functions],
    ['sets', settings],
  ] as const;
  return (
    <Group gap={6} aria-label={`What ${verb} does`}>
      <Badge variant="filled" color="gray" size="sm" radius="sm">
        {verb}
      </Badge>
      {effects.map((effect) => (
        <Badge key={effect} variant="outline" color="gray" size="sm" radius="sm">
          {effect}
        </Badge>
      ))}
      {unbounded && (
        <Badge color="orange" size="sm" radius="sm">
          unbounded
        </Badge>
      )}
      {risks.map((risk) => (
        <Badge key={risk} color="red" variant="light" size="sm" radius="sm" tt="none">
          {risk}
        </Badge>
      ))}
      {touched
        .filter(([, names]) => names.length > 0)
        .map(([word, names]) => (
          <Text key={word} size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {word} {names.join(', ')}
          </Text>
        ))}
    </Group>
  );
}
