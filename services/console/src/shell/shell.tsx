import { AppShell, Badge, Burger, Group, NavLink, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useApprovals } from '../approvals/approvals.js';
import { Link } from '../router/link.js';
import { alertsUrl, approvalsUrl, type Route, sessionsUrl } from '../router/route.js';
import { ColorScheme } from './color-scheme.js';
import classes from './shell.module.css';
import { WhoIsHere } from './who-is-here.js';

const places = [
  { label: 'Sessions', href: sessionsUrl(), pages: ['sessions', 'session'] },
  { label: 'Approvals', href: approvalsUrl(), pages: ['approvals'] },
  { label: 'Alerts', href: alertsUrl, pages: ['alerts'] },
] as const satisfies readonly { label: string; href: string; pages: readonly Route['page'][] }[];

/** What surrounds every page: where to go, who is here. */
export function Shell({ page, children }: { readonly page: Route['page']; readonly children: ReactNode }) {
  const [isOpen, { toggle, close }] = useDisclosure();
  const links = places.map(({ label, href, pages }) => (
    <NavLink
      key={href}
      className={classes.link ?? ''}
      component={Link}
      href={href}
      label={label}
      active={(pages as readonly string[]).includes(page)}
      aria-current={(pages as readonly string[]).includes(page) ? 'page' : undefined}
      {...(label === 'Approvals' && { rightSection: <Waiting /> })}
      onClick={close}
    />
  ));
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 220, breakpoint: 'sm', collapsed: { desktop: true, mobile: !isOpen } }}
      padding="md"
    >
      <AppShell.Header px="md">
        <a className={classes.skip} href="#content">
          Skip to the content
        </a>
        <Group h="100%" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Pages" />
            <Text fw={700} component={Link} href={sessionsUrl()} className={classes.brand ?? ''}>
              Sallyport
            </Text>
            <Group component="nav" aria-label="Pages" gap={4} wrap="nowrap" visibleFrom="sm">
              {links}
            </Group>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <ColorScheme />
            <WhoIsHere />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        {isOpen && links}
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} className={classes.main ?? ''}>
        {children}
      </AppShell.Main>
    </AppShell>
  );
}

/** How many statements wait for somebody. */
function Waiting() {
  const { data } = useApprovals('waiting');
  const found = data?.pages.flatMap(({ items }) => items) ?? [];
  if (found.length === 0) return null;
  const more = data?.pages.at(-1)?.next === null ? '' : '+';
  return (
    <Badge color="orange" size="sm" aria-label={`${found.length}${more} waiting`}>
      {found.length}
      {more}
    </Badge>
  );
}
