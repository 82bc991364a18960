import { Alert, Badge, DataList, Group } from '@mantine/core';
import type { SessionState } from '../api/client.js';
import { Hash } from '../show/hash.js';
import { Fact, Section } from '../show/section.js';
import { unknownSaid } from './said.js';
import { type Aspect, aspects } from './state-aspects.js';

interface StatePanelProps {
  readonly state: SessionState;
  readonly hash: string;
  /** The state one step earlier, where there is one. */
  readonly before: SessionState | undefined;
}

/** The session as it was after this step. What the step changed is marked; what the wire does not tell is called unknown. */
export function StatePanel({ state, hash, before }: StatePanelProps) {
  return (
    <Section title="State" aside={<Hash value={hash} name="state hash" />}>
      {state.unknown.length > 0 && (
        <Alert color="orange" p="xs" mb="xs">
          Unknown, because the wire does not tell it: {state.unknown.map((one) => unknownSaid[one]).join(', ')}.
        </Alert>
      )}
      <DataList size="sm" orientation="vertical">
        {aspects.map((aspect) => (
          <StateFact key={aspect.name} aspect={aspect} state={state} before={before} />
        ))}
      </DataList>
    </Section>
  );
}

interface StateFactProps {
  readonly aspect: Aspect;
  readonly state: SessionState;
  readonly before: SessionState | undefined;
}

function StateFact({ aspect: { name, hiddenBy, say }, state, before }: StateFactProps) {
  const said = say(state);
  const isChanged = before !== undefined && said.join('\n') !== say(before).join('\n');
  const isUnknown = hiddenBy !== undefined && state.unknown.includes(hiddenBy);
  if (said.length === 0 && !isChanged && !isUnknown) return null;
  return (
    <Fact
      name={
        <Group gap={6}>
          {name}
          {isChanged && (
            <Badge size="xs" variant="light">
              changed
            </Badge>
          )}
          {isUnknown && (
            <Badge size="xs" variant="outline" color="orange">
              unknown
            </Badge>
          )}
        </Group>
      }
    >
      {said.map((line, i) => (
        <div key={i}>{line}</div>
      ))}
      {said.length === 0 && !isUnknown && 'none'}
    </Fact>
  );
}
