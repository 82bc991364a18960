import { Skeleton, Stack } from '@mantine/core';

/** Holds the place of a list until it is there. */
export function LoadingRows({ what, rows = 6 }: { readonly what: string; readonly rows?: number }) {
  return (
    <Stack gap="xs" role="status" aria-label={`Loading ${what}`}>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={44} />
      ))}
    </Stack>
  );
}
