import type { Event } from '#events';
import { conclude, announce } from './announcement.js';
import type { HandedRows } from './answer.js';
import { fromClient, fromServer } from './conversation.js';
import { decide } from './decision.js';
import { type Draft, doubt, doubtAll } from './draft.js';
import type { SessionState } from './state.js';
import { type Message, type OpenMessages, type PartBytes, readMessages } from './stream.js';

/** An event's effect: the state after it, its messages, and the rows that it handed to the client. */
export interface Advance {
  readonly state: SessionState;
  readonly messages: readonly Message[];
  readonly rows: readonly HandedRows[];
}

/**
 * The state of a session after one more of its events. Pure: the same events give the same state, however they come.
 * @throws MalformedRecording when the event's ranges and parts contradict each other
 */
export const evolve = (state: SessionState, event: Event, parts: PartBytes): SessionState => advance(state, event, parts).state;

/** `evolve`, with what it saw on the way. */
export function advance(state: SessionState, event: Event, parts: PartBytes): Advance {
  const draft: Draft = { ...state };
  const { messages, open } = readMessages(account(draft, event), { event, parts });
  draft.open = open;
  draft.seq = event.seq;
  draft.session = event.session;
  announce(draft, event);
  // A client's message is recorded no later than its answer, so within one event the client's come first.
  const fresh = new Set(messages.filter(({ dir }) => dir === 'c').map(({ type }) => type));
  for (const message of messages) if (message.dir === 'c') fromClient(draft, message);
  decide(draft, event, fresh);
  const rows: HandedRows[] = [];
  for (const message of messages) {
    const handed = message.dir === 's' ? fromServer(draft, message) : undefined;
    if (handed) rows.push(handed);
  }
  conclude(draft, event);
  return { state: draft, messages, rows };
}

/** Follows the two streams. Where an event or bytes are missing, what they would have shown is unknown from there on. */
function account(draft: Draft, event: Event): OpenMessages {
  const { client, server, lost } = draft.bytes;
  const at = { c: client, s: server };
  let gap = draft.seq >= 0 && event.seq !== draft.seq + 1;
  let gone = 0;
  for (const range of event.wire ?? []) {
    gap ||= range.from !== at[range.dir];
    at[range.dir] = range.to;
    if (range.lost !== undefined) gone += range.to - range.from;
  }
  draft.bytes = { client: at.c, server: at.s, lost: lost + gone };
  if (!gap) return draft.open;
  doubt(draft, ['gap', 'savepoints', 'transaction']);
  doubtAll(draft);
  draft.pending = [];
  draft.transaction = { status: null, levels: [] };
  return { c: null, s: null };
}
