import { Code, CopyButton, Group, UnstyledButton } from '@mantine/core';

/** A hash, short; a click copies the whole of it. */
export function Hash({ value, name, length = 12 }: { readonly value: string; readonly name: string; readonly length?: number }) {
  return (
    <CopyButton value={value}>
      {({ copied, copy }) => (
        <Group gap={4} wrap="nowrap" component="span" display="inline-flex">
          <UnstyledButton onClick={copy} title={value} aria-label={`Copy the ${name} ${value}`}>
            <Code>{copied ? 'copied'.padEnd(length) : value.slice(0, length)}</Code>
          </UnstyledButton>
        </Group>
      )}
    </CopyButton>
  );
}
