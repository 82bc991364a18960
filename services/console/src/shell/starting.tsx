import { Button, Center, Loader, Stack } from '@mantine/core';
import { ProblemAlert } from '../show/problem-alert.js';

/** Until the api has said who is here. */
export function Starting({ error, again }: { readonly error: unknown; readonly again: () => Promise<unknown> }) {
  return (
    <Center component="main" mih="100vh" p="md">
      {error ? (
        <Stack maw={480}>
          <ProblemAlert error={error} />
          <Button onClick={() => void again()}>Try again</Button>
        </Stack>
      ) : (
        <Loader aria-label="Asking the api who you are" />
      )}
    </Center>
  );
}
