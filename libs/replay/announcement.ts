import type { Event, EventOf } from '#events';
import { type Draft, doubt } from './draft.js';
import { put } from './named.js';
import { noRole, type Report } from './state.js';

/** What an event says about its session as a whole, before the messages that came with it. */
export function announce(draft: Draft, event: Event): void {
  if (event.type === 'session.opened') opened(draft, event.data);
  else if (event.type === 'session.authenticated') authenticated(draft, event.data);
  else if (event.type === 'session.ready') ready(draft, event.data);
  else if (event.type === 'session.refused') draft.phase = 'refused';
}

/** What an event says once its messages are folded. */
export function conclude(draft: Draft, event: Event): void {
  if (event.type === 'statement.completed') {
    const { n, outcome, tag, columns } = event.data;
    if (draft.hold?.n === n) draft.hold = null;
    if (draft.answer?.n === n) {
      const masks = columns?.map(({ masked }) => masked ?? null) ?? draft.answer.masks;
      draft.answer = { ...draft.answer, outcome, tag: tag ?? draft.answer.tag, masks };
    }
  } else if (event.type === 'session.closed') {
    const tail = event.data.tail ?? 'known';
    draft.phase = 'closed';
    draft.hold = null;
    draft.closed = { reason: event.data.reason, tail };
    if (tail === 'unknown') doubt(draft, ['tail']);
  }
}

function opened(draft: Draft, { client, user, database }: EventOf<'session.opened'>['data']): void {
  draft.phase = 'opened';
  draft.client = { address: client.address, port: client.port, user, database };
}

function authenticated(draft: Draft, data: EventOf<'session.authenticated'>['data']): void {
  draft.phase = 'authenticated';
  draft.who = { principal: data.principal, method: data.method };
  draft.target = data.target;
  draft.database = data.database;
  draft.durability = data.durability;
  draft.policy = data.policy;
  draft.scope = { ...draft.scope, sessionUser: { value: data.login, local: null } };
}

function ready(draft: Draft, { serverVersion, backend, settings, role, searchPath }: EventOf<'session.ready'>['data']): void {
  draft.phase = 'ready';
  draft.server = { version: serverVersion, backend };
  draft.reported = settings.reduce<Report[]>((list, setting) => put(list, setting), []);
  draft.start = {
    sessionUser: draft.scope.sessionUser,
    role: { value: role === draft.scope.sessionUser.value ? noRole : role, local: null },
    searchPath: { value: searchPath, local: null },
    settings: draft.reported.map(({ name, value }) => ({ name, value, local: null })),
    tempTables: [],
  };
  draft.scope = draft.start;
}
