import { Box, Button, NavLink, Text } from '@mantine/core';
import { Fragment, useEffect, useRef } from 'react';
import type { NativeLine as Native, StepLine } from '../api/client.js';
import { Link } from '../router/link.js';
import { stepUrl } from '../router/route.js';
import { counted } from '../show/counted.js';
import { LoadingRows } from '../show/loading-rows.js';
import { plain } from '../show/text.js';
import { VerdictBadge } from '../show/verdict.js';
import { NativeLine } from './native-line.js';
import type { Timeline } from './timeline.js';
import classes from './timeline-list.module.css';

interface TimelineListProps {
  readonly id: string;
  readonly timeline: Timeline;
  /** Those of its lines that are shown. */
  readonly lines: readonly StepLine[];
  /** What Postgres' own log says in between. */
  readonly native: readonly Native[];
  readonly current: number | undefined;
}

/** The steps of a session, each in one line, and what the server logged in between; the current one stays in sight. */
export function TimelineList({ id, timeline, lines, native, current }: TimelineListProps) {
  const list = useRef<HTMLElement>(null);
  const isListed = lines.some(({ seq }) => seq === current);
  useEffect(() => {
    const line = list.current?.querySelector<HTMLElement>('[aria-current]');
    if (isListed && list.current && line) keepInSight(list.current, line);
  }, [current, isListed]);
  return (
    <Box component="nav" ref={list} className={classes.list ?? ''} aria-label="Timeline" tabIndex={-1}>
      {timeline.isLoading && <LoadingRows what="steps" />}
      {lines.length > 0 && nativeAfter(native, -1)}
      {lines.map((line) => (
        <Fragment key={line.seq}>
          <NavLink
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
          {nativeAfter(native, line.seq)}
        </Fragment>
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

const nativeAfter = (native: readonly Native[], seq: number) =>
  native.filter(({ after }) => after === seq).map((line) => <NativeLine key={line.id} line={line} />);

/** Scrolls the list alone: the page stays where the reader has it. */
function keepInSight(list: HTMLElement, line: HTMLElement): void {
  const below = line.offsetTop + line.offsetHeight - list.clientHeight;
  if (list.scrollTop > line.offsetTop) list.scrollTop = line.offsetTop;
  else if (list.scrollTop < below) list.scrollTop = below;
}

export const kindSaid = (type: string): string => `${type.charAt(0).toUpperCase()}${type.slice(1).replace('.', ' ')}`;

/** Whether a step of this type is best told by its statement's text. */
const isTold = (type: string): boolean => type === 'statement.decided' || type === 'statement.prepared';

const titleOf = ({ type, sql }: StepLine): string => (isTold(type) && sql !== null ? plain(sql) : kindSaid(type));

function detailOf({ type, rule, outcome, tag, sqlstate, rows, sql }: StepLine): string | undefined {
  const facts = isTold(type)
    ? [sql === null ? undefined : type.replace('.', ' '), rule && `rule ${rule}`]
    : [outcome, tag, sqlstate, rows > 0 ? `${counted(rows, 'row')} handed over` : undefined];
  const said = facts.filter((fact) => typeof fact === 'string' && fact !== '');
  return said.length === 0 ? undefined : said.join(', ');
}
