import { Group, SegmentedControl, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';
import { type Filter, verdicts, type Window, windows } from './filter.js';

interface SessionFilterProps {
  readonly filter: Filter;
  readonly change: (filter: Filter) => void;
}

/** What narrows the list; each change takes effect at once, texts when the typing pauses. */
export function SessionFilter({ filter, change }: SessionFilterProps) {
  return (
    <Group component="search" align="end" gap="sm" aria-label="Narrow the list">
      <WordInput
        label="Principal"
        placeholder="billing-bot"
        value={filter.principal}
        change={(principal) => {
          change({ ...filter, principal });
        }}
      />
      <WordInput
        label="Database"
        placeholder="shop"
        value={filter.database}
        change={(database) => {
          change({ ...filter, database });
        }}
      />
      <Select
        label="With a verdict"
        placeholder="any"
        clearable
        w={130}
        data={[...verdicts]}
        value={filter.verdict}
        onChange={(verdict) => {
          change({ ...filter, verdict });
        }}
      />
      <Select
        label="Opened"
        placeholder="at any time"
        clearable
        w={170}
        data={Object.entries(windows).map(([value, { label }]) => ({ value: value as Window, label }))}
        value={filter.since}
        onChange={(since) => {
          change({ ...filter, since });
        }}
      />
      <SegmentedControl
        aria-label="Live or ended"
        value={filter.live ?? 'all'}
        data={[
          { value: 'all', label: 'All' },
          { value: 'true', label: 'Live' },
          { value: 'false', label: 'Ended' },
        ]}
        onChange={(live) => {
          change({ ...filter, live: live === 'all' ? null : live });
        }}
      />
    </Group>
  );
}

interface WordInputProps {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly change: (value: string) => void;
}

function WordInput({ label, placeholder, value, change }: WordInputProps) {
  const [typed, setTyped] = useState(value);
  const settle = useDebouncedCallback(change, 300);
  return (
    <TextInput
      label={label}
      placeholder={placeholder}
      w={150}
      value={typed}
      onChange={({ currentTarget }) => {
        setTyped(currentTarget.value);
        settle(currentTarget.value.trim());
      }}
    />
  );
}
