import { Badge } from '@mantine/core';
import type { Verdict } from '../api/client.js';

const colors: Record<Verdict, string> = { allow: 'teal', deny: 'red', hold: 'orange' };

export function VerdictBadge({ verdict }: { readonly verdict: Verdict }) {
  return (
    <Badge color={colors[verdict]} variant="light" size="sm">
      {verdict}
    </Badge>
  );
}
