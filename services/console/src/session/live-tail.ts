import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { eventStream } from '../api/event-stream.js';
import { isUnauthenticated } from '../api/problem.js';

const againMs = 1_000;

export interface LiveTail {
  /** The highest seq of the session that is in the event log, as far as it was heard; −1 before the first. */
  readonly reached: number;
  readonly state: 'off' | 'following' | 'interrupted';
}

/** Hears of each event of a live session as it comes into the log, and goes on where it broke off. */
export function useLiveTail(id: string, isLive: boolean): LiveTail {
  const client = useQueryClient();
  const [reached, setReached] = useState(-1);
  const [state, setState] = useState<LiveTail['state']>('off');
  useEffect(() => {
    if (!isLive) return undefined;
    const gone = new AbortController();
    const heard = ({ session, seq, type }: Heard): void => {
      if (session !== id) return;
      setReached((before) => Math.max(before, seq));
      if (type === 'session.closed') void client.invalidateQueries({ queryKey: ['session', id] });
    };
    void follow(id, heard, setState, gone.signal);
    return () => {
      gone.abort();
      setState('off');
    };
  }, [id, isLive, client]);
  return { reached, state };
}

interface Heard {
  readonly session: string;
  readonly seq: number;
  readonly type: string;
}

async function follow(
  id: string,
  heard: (event: Heard) => void,
  is: (state: LiveTail['state']) => void,
  signal: AbortSignal,
): Promise<void> {
  let lastId: string | undefined;
  const isGone = (): boolean => signal.aborted;
  while (!isGone()) {
    try {
      const opened = (): void => {
        is('following');
      };
      for await (const event of eventStream(`/api/v1/tail?session=${id}`, { lastId, signal, opened })) {
        lastId = event.id ?? lastId;
        heard(JSON.parse(event.data) as Heard);
      }
    } catch (error) {
      // Whatever broke it off is said by the state, and tried again; a login that ended is for the login page.
      if (isUnauthenticated(error) || isGone()) return;
      is('interrupted');
    }
    await new Promise((resolve) => setTimeout(resolve, againMs));
  }
}
