import type { Resolved } from '#sql';
import type { SessionContext } from './context.js';
import { type Change, wider } from './state.js';

/** What running a statement changes of what later decisions read, names aside. */
export function changeOf(ctx: SessionContext, { act, changes }: Resolved): Change {
  if (changes !== 'nothing') return settingActs.has(act.kind) ? 'settings' : 'anything';
  // A rollback takes back what the transaction had changed; COMMIT ends what was LOCAL, or ON COMMIT DROP.
  return act.kind === 'transaction' && endings.has(act.command) ? ctx.state.changedInTransaction : 'nothing';
}

const settingActs: ReadonlySet<string> = new Set(['set', 'reset', 'reset-all']);

/** All that it changes. */
export const changesOf = (ctx: SessionContext, statement: Resolved): Change =>
  wider(changeOf(ctx, statement), namesOf(statement));

/** Names of statements and cursors: what comes after waits to hear whether they were made. */
const namesOf = ({ act }: Resolved): Change => (nameActs.has(act.kind) ? 'names' : 'nothing');
const nameActs: ReadonlySet<string> = new Set(['prepare', 'deallocate', 'declare', 'close', 'discard']);

/** Commands that end a transaction, or take back a part of it. */
export const endings: ReadonlySet<string> = new Set([
  'commit',
  'rollback',
  'rollback-to',
  'commit-and-chain',
  'rollback-and-chain',
  'prepare',
]);
