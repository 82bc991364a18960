import { ActionIcon, Button, Group, Kbd, NumberInput, Popover, Switch, Table, Text, TextInput, Tooltip } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { type KeyboardEvent, type ReactNode, type Ref, useRef, useState } from 'react';
import { FirstIcon, LastIcon, NextIcon, PreviousIcon } from '../show/icons.js';
import type { Moves } from './position.js';

interface StepControlsProps {
  readonly current: number | undefined;
  readonly first: number;
  readonly last: number;
  readonly moves: Moves;
  /** Whether the newest step is followed; undefined where the session is not live. */
  readonly following: boolean | undefined;
  readonly search: string;
  readonly setSearch: (word: string) => void;
  readonly hits: number | undefined;
  readonly find: (direction: 'forward' | 'back') => void;
}

/** Buttons and keys that step through a session. */
export function StepControls({ current, first, last, moves, following, ...searching }: StepControlsProps) {
  const jump = useRef<HTMLInputElement>(null);
  const search = useRef<HTMLInputElement>(null);
  useHotkeys([
    ['ArrowLeft', moves.previous],
    ['k', moves.previous],
    ['ArrowRight', moves.next],
    ['j', moves.next],
    ['Home', moves.first],
    ['End', moves.last],
    ['g', () => jump.current?.select()],
    ['/', () => search.current?.select()],
  ]);
  return (
    <Group gap="xs" role="toolbar" aria-label="Steps">
      <ActionIcon.Group>
        <Move name="First step" keys="Home" go={moves.first} disabled={current === first} icon={<FirstIcon />} />
        <Move name="Previous step" keys="←" go={moves.previous} disabled={current === first} icon={<PreviousIcon />} />
        <Move name="Next step" keys="→" go={moves.next} disabled={current === last} icon={<NextIcon />} />
        <Move name="Last step" keys="End" go={moves.last} disabled={current === last} icon={<LastIcon />} />
      </ActionIcon.Group>
      <Jump ref={jump} key={current} current={current} last={last} to={moves.to} />
      <Search ref={search} {...searching} />
      {following !== undefined && (
        <Switch
          label="Follow"
          checked={following}
          onChange={({ currentTarget }) => {
            if (currentTarget.checked) moves.follow();
            else moves.to(current ?? last);
          }}
        />
      )}
      <Keys />
    </Group>
  );
}

interface MoveProps {
  readonly name: string;
  readonly keys: string;
  readonly go: () => void;
  readonly disabled: boolean;
  readonly icon: ReactNode;
}

function Move({ name, keys, go, disabled, icon }: MoveProps) {
  return (
    <Tooltip label={`${name} (${keys})`}>
      <ActionIcon variant="default" size="lg" aria-label={name} onClick={go} disabled={disabled}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}

interface JumpProps {
  readonly ref: Ref<HTMLInputElement>;
  readonly current: number | undefined;
  readonly last: number;
  readonly to: (seq: number) => void;
}

function Jump({ ref, current, last, to }: JumpProps) {
  const [value, setValue] = useState<string | number>(current ?? '');
  return (
    <Group gap={6} wrap="nowrap">
      <NumberInput
        ref={ref}
        aria-label="Step"
        w={72}
        hideControls
        allowDecimal={false}
        allowNegative={false}
        value={value}
        onChange={setValue}
        onKeyDown={({ key, currentTarget }) => {
          if (key === 'Escape' || key === 'Enter') currentTarget.blur();
          if (key === 'Enter' && typeof value === 'number') to(value);
        }}
      />
      <Text size="sm" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
        of {last}
      </Text>
    </Group>
  );
}

type SearchProps = Pick<StepControlsProps, 'search' | 'setSearch' | 'hits' | 'find'> & { readonly ref: Ref<HTMLInputElement> };

function Search({ ref, search, setSearch, hits, find }: SearchProps) {
  const onKey = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === 'Enter') find(event.shiftKey ? 'back' : 'forward');
    if (event.key !== 'Escape') return;
    setSearch('');
    event.currentTarget.blur();
  };
  return (
    <TextInput
      ref={ref}
      type="search"
      aria-label="Search the steps"
      placeholder="Search the steps"
      w={210}
      value={search}
      rightSectionWidth={64}
      rightSection={
        hits !== undefined && (
          <Text size="xs" c="dimmed" role="status">
            {hits} found
          </Text>
        )
      }
      onChange={({ currentTarget }) => {
        setSearch(currentTarget.value);
      }}
      onKeyDown={onKey}
    />
  );
}

const keys = [
  [['←', 'k'], 'previous step'],
  [['→', 'j'], 'next step'],
  [['Home', 'End'], 'first, last step'],
  [['g'], 'go to a step by its number'],
  [['/'], 'search; Enter for the next, Shift+Enter for the one before'],
] as const;

function Keys() {
  return (
    <Popover>
      <Popover.Target>
        <Button variant="subtle" size="compact-sm" visibleFrom="sm">
          Keys
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Table withRowBorders={false} verticalSpacing={4} aria-label="Keys">
          <Table.Tbody>
            {keys.map(([names, does]) => (
              <Table.Tr key={does}>
                <Table.Td>
                  {names.map((name) => (
                    <Kbd key={name} mr={4}>
                      {name}
                    </Kbd>
                  ))}
                </Table.Td>
                <Table.Td>{does}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Popover.Dropdown>
    </Popover>
  );
}
