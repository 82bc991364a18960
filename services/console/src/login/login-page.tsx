import { Button, Center, Divider, Paper, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { RequestFailed } from '../api/problem.js';
import { useAddress } from '../router/location.js';
import { ProblemAlert, ReadProblem } from '../show/problem-alert.js';
import { BreakGlassForm } from './break-glass-form.js';
import { arrival } from './code.js';
import { useLoginWays } from './login.js';
import { TokenForm } from './token-form.js';

/** Where somebody who is not known says who they are. */
export function LoginPage() {
  const refusal = useQuery({ queryKey: ['arrival'], queryFn: async () => (await arrival) ?? null });
  const { data: ways, failureReason } = useLoginWays();
  const providers = ways?.browser ?? [];
  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder radius="md" p="xl" w="100%" maw={440}>
        <Stack>
          <Title order={1} size="h2">
            Log in to Sallyport
          </Title>
          {refusal.data && <ProblemAlert error={new RequestFailed(refusal.data)} />}
          {failureReason !== null && <ReadProblem error={failureReason} />}
          {providers.length > 0 && <Providers providers={providers} />}
          <TokenForm isFirst={providers.length === 0} />
          {ways?.code === true && (
            <Text size="sm" c="dimmed">
              The link with the one-time code, which the demo prints, logs one browser in as well.
            </Text>
          )}
          {ways?.breakGlass === true && <BreakGlassForm />}
        </Stack>
      </Paper>
    </Center>
  );
}

/** They are left by an ordinary link: what they answer comes back to the page that was asked for. */
function Providers({ providers }: { readonly providers: readonly { readonly label: string; readonly url: string }[] }) {
  const { pathname, search } = new URL(useAddress(), location.origin);
  const to = new URLSearchParams({ to: pathname + search }).toString();
  return (
    <>
      {providers.map(({ label, url }, i) => (
        <Button key={url} component="a" href={`${url}?${to}`} variant={i === 0 ? 'filled' : 'default'} autoFocus={i === 0}>
          Log in with {label}
        </Button>
      ))}
      <Divider label="or with a token" />
    </>
  );
}
