import { Button, Collapse, PasswordInput, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SyntheticEvent, useState } from 'react';
import { ProblemAlert } from '../show/problem-alert.js';
import { breakGlass } from './login.js';

/** The local admin: out of the way until it is needed. */
export function BreakGlassForm() {
  const client = useQueryClient();
  const [isOpen, { toggle }] = useDisclosure();
  const [password, setPassword] = useState('');
  const login = useMutation({ mutationFn: () => breakGlass(password, client) });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    login.mutate();
  };
  return (
    <div>
      <Button variant="subtle" color="red" size="compact-sm" onClick={toggle} aria-expanded={isOpen} aria-controls="break-glass">
        No provider can be reached
      </Button>
      <Collapse expanded={isOpen} id="break-glass">
        <form onSubmit={submit}>
          <Stack mt="sm">
            {login.error && <ProblemAlert error={login.error} />}
            <Text size="sm" c="dimmed">
              The local admin is for emergencies. Each use is on record.
            </Text>
            <PasswordInput
              label="Password of the local admin"
              required
              autoComplete="off"
              value={password}
              onChange={({ currentTarget }) => {
                setPassword(currentTarget.value);
              }}
            />
            <Button type="submit" color="red" loading={login.isPending} disabled={password === ''}>
              Break the glass
            </Button>
          </Stack>
        </form>
      </Collapse>
    </div>
  );
}
