import { Group, Stack, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import type { Provenance as From } from '../api/client.js';
import { Provenance } from './provenance.js';

interface PageTitleProps {
  readonly title: string;
  readonly from?: From | undefined;
  readonly children?: ReactNode;
}

/** The heading of a page, which is the browser's title too, and where its content was read. */
export function PageTitle({ title, from, children }: PageTitleProps) {
  useEffect(() => {
    document.title = `${title} – Sallyport`;
  }, [title]);
  return (
    <Stack gap={2}>
      <Group justify="space-between">
        <Title order={1} size="h3">
          {title}
        </Title>
        {children}
      </Group>
      <Provenance from={from} />
    </Stack>
  );
}
