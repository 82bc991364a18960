import { MantineProvider } from '@mantine/core';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { AlertsPage } from './alerts/alerts-page.js';
import { isPassing, isUnauthenticated } from './api/problem.js';
import { ApprovalsPage } from './approvals/approvals-page.js';
import { loggedOut, LoginProvider, useWhoAmI } from './login/login.js';
import { LoginPage } from './login/login-page.js';
import { useAddress } from './router/location.js';
import { type Route, routeOf } from './router/route.js';
import { SessionPage } from './session/session-page.js';
import { SessionsPage } from './sessions/sessions-page.js';
import { NowherePage } from './shell/nowhere-page.js';
import { Shell } from './shell/shell.js';
import { Starting } from './shell/starting.js';
import { theme } from './theme.js';

/** What may pass is asked again until it does: after 1 s, then 2 s, then each 4 s. */
const retryDelay = (failures: number): number => Math.min(1_000 * 2 ** failures, 4_000);

const queries: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (isUnauthenticated(error)) loggedOut(queries);
    },
  }),
  defaultOptions: { queries: { retry: (_, error) => isPassing(error), retryDelay } },
});

export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <Console />
      </QueryClientProvider>
    </MantineProvider>
  );
}

function Console() {
  const { data: login, failureReason, refetch } = useWhoAmI();
  const route = routeOf(useAddress());
  if (login === undefined) return <Starting error={failureReason} again={refetch} />;
  if (login === null) return <LoginPage />;
  return (
    <LoginProvider value={login}>
      <Shell page={route.page}>
        <Page route={route} />
      </Shell>
    </LoginProvider>
  );
}

function Page({ route }: { readonly route: Route }) {
  switch (route.page) {
    case 'sessions':
      return <SessionsPage query={route.query} />;
    case 'session':
      return <SessionPage key={route.id} {...route} />;
    case 'approvals':
      return <ApprovalsPage query={route.query} />;
    case 'alerts':
      return <AlertsPage />;
    case 'nowhere':
      return <NowherePage />;
  }
}
