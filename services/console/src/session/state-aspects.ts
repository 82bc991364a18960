import type { Scope, SessionState } from '../api/client.js';
import { counted } from '../show/counted.js';
import { plain } from '../show/text.js';
import { transactionSaid, type Unknown } from './said.js';

/** A part of the state, said in lines; none where there is nothing to say. */
export interface Aspect {
  readonly name: string;
  /** What makes these lines less than the whole. */
  readonly hiddenBy?: Unknown;
  readonly say: (state: SessionState) => string[];
}

export const aspects: readonly Aspect[] = [
  { name: 'Transaction', hiddenBy: 'transaction', say: transaction },
  {
    name: 'Savepoints',
    hiddenBy: 'savepoints',
    say: ({ transaction }) => transaction.levels.flatMap((level) => level.savepoint ?? []),
  },
  { name: 'Role', hiddenBy: 'role', say: ({ scope }) => role(scope) },
  { name: 'search_path', hiddenBy: 'search_path', say: searchPath },
  { name: 'Settings changed since the start', hiddenBy: 'settings', say: changedSettings },
  {
    name: 'Temporary tables',
    hiddenBy: 'temp tables',
    say: ({ scope }) => scope.tempTables.map(({ name, dropOnCommit }) => (dropOnCommit ? `${name}, until commit` : name)),
  },
  { name: 'Prepared statements', hiddenBy: 'prepared', say: prepared },
  { name: 'Portals and cursors', hiddenBy: 'portals', say: portals },
  {
    name: 'COPY',
    say: ({ copy }) => (copy ? [`${copy.direction}: ${counted(copy.messages, 'message')}, ${counted(copy.bytes, 'byte')}`] : []),
  },
  {
    name: 'Held',
    say: ({ hold, ...state }) => (hold ? [`statement ${hold.n} ${holdSaid(hold.mode)}`, ...by(state.decision)] : []),
  },
  { name: 'Answer', hiddenBy: 'answers', say: answer },
  {
    name: 'Not answered yet',
    say: ({ pending }) => pending.map(({ kind, n }) => (n === null ? kind : `${kind} of statement ${n}`)),
  },
  {
    name: 'Handed to the client so far',
    say: ({ handed }) => [`${counted(handed.rows, 'row')}, ${handed.kept} kept; ${counted(handed.bytes, 'byte')}`],
  },
  { name: 'Last error', say: lastError },
  {
    name: 'On the wire',
    say: ({ bytes: { client, server, lost } }) => [
      `${counted(client, 'byte')} from the client, ${server} from the server`,
      ...(lost > 0 ? [`${counted(lost, 'byte')} lost: the log was broken`] : []),
    ],
  },
  { name: 'Ended', hiddenBy: 'tail', say: ({ closed }) => (closed ? [closed.reason] : []) },
];

function transaction({ transaction: { status }, phase, skipping }: SessionState): string[] {
  if (status === null) return phase === 'ready' ? ['not known'] : [];
  return [transactionSaid[status], ...(skipping ? ['skipping to the next Sync after an error'] : [])];
}

/** No role can be called this: it stands for "no SET ROLE is in effect". */
const noRole = 'none';

function role({ role, sessionUser }: Scope): string[] {
  const set = role.local ?? role.value;
  const user = sessionUser.local ?? sessionUser.value;
  if (set === null && user === null) return [];
  const isSet = set !== null && set !== noRole;
  return [
    isSet ? `${set}${role.local === null ? '' : ', until the transaction ends'}` : (user ?? ''),
    ...(isSet && user ? [`session user ${user}`] : []),
  ];
}

function searchPath({ scope: { searchPath: path } }: SessionState): string[] {
  const names = path.local ?? path.value;
  if (names === null) return [];
  return [`${names.length > 0 ? names.join(', ') : 'empty'}${path.local === null ? '' : ', until the transaction ends'}`];
}

function changedSettings({ scope, start }: SessionState): string[] {
  const before = new Map(start.settings.map(({ name, value, local }) => [name, local ?? value]));
  const now = scope.settings.map(({ name, value, local }) => ({ name, value: local ?? value, isLocal: local !== null }));
  return now
    .filter(({ name, value }) => before.get(name) !== value)
    .map(({ name, value, isLocal }) => `${name} = ${value ?? 'not shown'}${isLocal ? ', until the transaction ends' : ''}`);
}

function prepared({ prepared: all }: SessionState): string[] {
  return all.map(
    ({ name, by, sql }) => `${name === '' ? '(unnamed)' : name}, ${by}: ${sql === null ? 'text not shown' : plain(sql)}`,
  );
}

function portals({ portals: all }: SessionState): string[] {
  return all.map(({ name, by, sql, rows, hold }) => {
    const text = sql === null ? 'text not shown' : plain(sql);
    return `${name === '' ? '(unnamed)' : name}, ${by}${hold ? ' with hold' : ''}, ${counted(rows, 'row')} given: ${text}`;
  });
}

function answer({ answer: one }: SessionState): string[] {
  if (!one) return [];
  const to = one.n === null ? '' : ` to statement ${one.n}`;
  return [`${one.outcome}${to}${one.tag === null ? '' : `: ${one.tag}`}; ${counted(one.rows, 'row')}`];
}

function lastError({ lastError: error }: SessionState): string[] {
  return error ? [`${error.severity} ${error.sqlstate}`, plain(error.message)].filter((line) => line !== '') : [];
}

const holdSaid = (mode: 'wait' | 'retry'): string =>
  mode === 'wait' ? 'waits for a vote' : 'was told to come again once approved';
const by = (decision: SessionState['decision']): string[] => (decision ? [`by rule ${decision.rule}`] : []);
