import { Box, Button, NavLink, Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { StepLine } from '../api/client.js';
import { Link } from '../router/link.js';
import { stepUrl } from '../router/route.js';
import { LoadingRows } from '../show/loading-rows.js';
import { plain } from '../show/text.js';
import { VerdictBadge } from '../show/verdict.js';
import type { Timeline } from './timeline.js';
import classes from './timeline-list.module.css';

interface TimelineListProps {
  readonly id: string;
  readonly timeline: Timeline;
  /** Those of its lines that are shown. */
  readonly lines: readonly StepLine[];
  readonly current: number | undefined;
}

/** The steps of a session, each in one line; the current one stays in sight. */
export function TimelineList({ id, timeline, lines, current }: TimelineListProps) {
  const list = useRef<HTMLElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  return (
    <Box component="nav" ref={list} className={classes.list ?? ''} aria-label="Timeline" tabIndex={-1}>
      {timeline.isLoading && <LoadingRows what="steps" />}
      {lines.map((line) => (
        <NavLink
          key={line.seq}
          component={Link}
          href={stepUrl(id, line.seq)}
          className={classes.line ?? ''}
          active={line.seq === current}
          aria-current={line.seq === current ? 'step' : undefined}
          leftSection={<span className={classes.seq}>{line.seq}</span>}
          label={<span className={classes.text}>{titleOf(line)}</span>}
          description={detailOf(line)}
          rightSection={line.verdict ? <VerdictBadge verdict={line.verdict} /> : null}
        />
      ))}
      {lines.length === 0 && timeline.lines.length > 0 && (
        <Text size="sm" c="dimmed" p="sm">
          No step says that.
        </Text>
      )}
      {timeline.hasMore && (
        <Button variant="subtle" fullWidth onClick={timeline.more}>
          More steps
        </Button>
      )}
    </Box>
  );
}

export const kindSaid = (type: string): string => type.replace('.', ' ');

const titleOf = ({ type, sql }: StepLine): string => (type === 'statement.decided' && sql !== null ? plain(sql) : kindSaid(type));

function detailOf({ type, rule, outcome, tag, sqlstate, rows, sql }: StepLine): string | undefined {
  const facts =
    type === 'statement.decided'
      ? [sql === null ? undefined : kindSaid(type), rule && `rule ${rule}`]
      : [outcome, tag, sqlstate, rows > 0 ? `${rows} rows handed over` : undefined];
  const said = facts.filter((fact) => typeof fact === 'string' && fact !== '');
  return said.length === 0 ? undefined : said.join(', ');
}
