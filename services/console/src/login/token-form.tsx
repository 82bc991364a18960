import { Button, PasswordInput, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SyntheticEvent, useState } from 'react';
import { ProblemAlert } from '../show/problem-alert.js';
import { logInBy } from './login.js';

/** For who has a token already: it stays in this tab. */
export function TokenForm({ isFirst }: { readonly isFirst: boolean }) {
  const client = useQueryClient();
  const [value, setValue] = useState('');
  const login = useMutation({ mutationFn: () => logInBy(value.trim(), client) });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    login.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        {login.error && <ProblemAlert error={login.error} />}
        <Text size="sm" c="dimmed">
          A token of your issuer, or one made by <code>sallyport token create</code>. It stays in this tab.
        </Text>
        <PasswordInput
          label="Token"
          required
          autoComplete="off"
          value={value}
          onChange={({ currentTarget }) => {
            setValue(currentTarget.value);
          }}
        />
        <Button type="submit" variant={isFirst ? 'filled' : 'default'} loading={login.isPending} disabled={value.trim() === ''}>
          Log in
        </Button>
      </Stack>
    </form>
  );
}
