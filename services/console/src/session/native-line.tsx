import { Badge, Text } from '@mantine/core';
import type { NativeLine as Line } from '../api/client.js';
import { plain } from '../show/text.js';
import classes from './timeline-list.module.css';

/** A record of Postgres' own log, between the steps. */
export function NativeLine({ line }: { readonly line: Line }) {
  const { severity, sqlstate, command, us } = line;
  const facts = [severity === 'LOG' ? undefined : severity, sqlstate, command, us === null ? undefined : `${us} µs`];
  return (
    <div className={classes.native}>
      <Badge size="xs" variant="outline" color={severity === 'LOG' ? 'blue' : 'orange'} mr={6}>
        postgres
      </Badge>
      <Text span size="xs" title={new Date(line.at).toISOString()}>
        {wordsOf(line)}
      </Text>
      <Text size="xs" c="dimmed">
        {facts.filter((fact) => typeof fact === 'string' && fact !== '').join(', ')}
      </Text>
    </div>
  );
}

function wordsOf({ tells, message, withheld }: Line): string {
  if (withheld === 'role') return `${tells}; the role responder sees its words`;
  if (withheld !== null) return `${tells}; its words are withheld: ${withheld}`;
  return message === null ? tells : plain(message);
}
