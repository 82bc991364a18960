import { Button, Menu, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useLogin, useLogOut } from '../login/login.js';

/** Who is logged in, as which roles, and the way out. */
export function WhoIsHere() {
  const { issuer, subject, roles } = useLogin();
  const logOut = useMutation({ mutationFn: useLogOut() });
  return (
    <Menu>
      <Menu.Target>
        <Button
          variant="default"
          size="sm"
          maw={{ base: 140, sm: 320 }}
          aria-label={`Logged in as ${subject}: ${roles.join(', ')}`}
        >
          <Text truncate inherit>
            {subject}
          </Text>
          <Text truncate inherit c="dimmed" fw={400} ml={6} visibleFrom="sm">
            {roles.includes('admin') ? 'admin' : roles.join(', ')}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {subject} of {issuer}
        </Menu.Label>
        <Menu.Label>Roles: {roles.join(', ')}</Menu.Label>
        <Menu.Divider />
        <Menu.Item
          onClick={() => {
            logOut.mutate();
          }}
        >
          Log out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
