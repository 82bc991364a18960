import { Button, Center, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type SyntheticEvent, useState } from 'react';
import { RequestFailed } from '../api/problem.js';
import { ProblemAlert } from '../show/problem-alert.js';
import { arrival } from './code.js';
import { logInBy } from './login.js';

/** Where somebody who is not known says who they are. */
export function LoginPage() {
  const client = useQueryClient();
  const [value, setValue] = useState('');
  const refusal = useQuery({ queryKey: ['arrival'], queryFn: async () => (await arrival) ?? null });
  const login = useMutation({ mutationFn: () => logInBy(value.trim(), client) });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    login.mutate();
  };
  const error = login.error ?? (refusal.data ? new RequestFailed(refusal.data) : null);
  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder radius="md" p="xl" w="100%" maw={440}>
        <form onSubmit={submit}>
          <Stack>
            <Title order={1} size="h2">
              Log in to Sallyport
            </Title>
            <Text size="sm" c="dimmed">
              The demo prints a link that logs one browser in, once. With a token of your issuer, or one made by{' '}
              <code>sallyport token create</code>, paste it here. It stays in this tab.
            </Text>
            {error && <ProblemAlert error={error} />}
            <PasswordInput
              label="Token"
              required
              autoComplete="off"
              value={value}
              onChange={({ currentTarget }) => {
                setValue(currentTarget.value);
              }}
            />
            <Button type="submit" loading={login.isPending} disabled={value.trim() === ''}>
              Log in
            </Button>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
