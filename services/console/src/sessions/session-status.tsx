import { Badge, Tooltip } from '@mantine/core';
import type { Session } from '../api/client.js';
import { counted } from '../show/counted.js';

/** How a session stands, and what its record lacks. */
export function SessionStatus({ session }: { readonly session: Session }) {
  const { live, status, reason, tail, missingEvents, lostBytes } = session;
  const gaps = [
    ...(tail === 'unknown' ? ['the proxy died: what happened at the end is not on record'] : []),
    ...(missingEvents > 0 ? [`missing: ${counted(missingEvents, 'event')}`] : []),
    ...(lostBytes > 0 ? [`${counted(lostBytes, 'byte')} passed while the log was broken`] : []),
  ];
  return (
    <>
      <Badge
        variant={live ? 'filled' : 'light'}
        color={live ? 'blue' : status === 'refused' ? 'red' : 'gray'}
        size="sm"
        miw="max-content"
      >
        {live ? 'live' : status}
      </Badge>
      {reason !== null && reason !== 'client-terminated' && <> {reason}</>}
      {gaps.length > 0 && (
        <Tooltip label={gaps.join('; ')} multiline maw={320} events={{ hover: true, focus: true, touch: true }}>
          <Badge color="orange" variant="outline" size="sm" ml={4} tabIndex={0} aria-label={gaps.join('; ')}>
            gaps
          </Badge>
        </Tooltip>
      )}
    </>
  );
}
