import { List, Popover, Text, UnstyledButton } from '@mantine/core';
import type { ProjectedThrough, Provenance as From } from '../api/client.js';
import { durationSaid } from './when.js';

/** Where an answer was read, and how much of the log it knows. */
export function Provenance({ from }: { readonly from: From | undefined }) {
  if (!from)
    return (
      <Text fz="xs" lh="xs">
        &nbsp;
      </Text>
    );
  return (
    <Popover width={340}>
      <Popover.Target>
        <UnstyledButton fz="xs" lh="xs" c="dimmed" td="underline" w="fit-content">
          {said(from)}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <List size="xs" spacing={4} style={{ overflowWrap: 'anywhere' }}>
          {from.projected_through.map((each) => (
            <List.Item key={`${each.topic}/${each.partition}`}>
              {each.topic} of {each.partition}: {each.pseq === null ? 'nothing yet' : `event ${each.pseq}`}, {ageSaid(each.ageMs)}
            </List.Item>
          ))}
        </List>
      </Popover.Dropdown>
    </Popover>
  );
}

function said({ source, projected_through }: From): string {
  if (source === 'log') return 'Read from the event log itself, all of it';
  const unknown = projected_through.filter(({ ageMs }) => ageMs === null).length;
  const behind = Math.max(0, ...projected_through.map(({ ageMs }) => ageMs ?? 0));
  const state = behind === 0 ? 'up to date' : `${durationSaid(behind)} behind the event log`;
  return `Projection in ClickHouse, ${state}${unknown > 0 ? `; ${unknown} ${unknown === 1 ? 'part' : 'parts'} of the log not projected yet` : ''}`;
}

const ageSaid = (ageMs: ProjectedThrough[number]['ageMs']): string =>
  ageMs === null ? 'not projected yet' : ageMs === 0 ? 'none later' : `${durationSaid(ageMs)} behind`;
