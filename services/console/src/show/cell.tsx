import { Text } from '@mantine/core';
import type { Cell } from '../api/client.js';

/** A value as the client was handed it: NULL, text, or bytes in hex. */
export function CellText({ cell }: { readonly cell: Cell }) {
  if (cell === null)
    return (
      <Text span inherit c="dimmed" fs="italic" style={{ whiteSpace: 'nowrap' }}>
        NULL
      </Text>
    );
  return <>{typeof cell === 'string' ? cell : `\\x${cell.hex}`}</>;
}
