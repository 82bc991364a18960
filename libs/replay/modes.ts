import type { Assignment } from './command.js';
import type { Reader } from './reader.js';

const isolationLevels = ['serializable', 'repeatable read', 'read committed', 'read uncommitted'];

/** The modes of BEGIN, START TRANSACTION and SET TRANSACTION, by the settings that they stand for. */
export function transactionModes(at: Reader): Assignment[] {
  const modes: Assignment[] = [];
  for (;;) {
    at.symbol(',');
    const level = at.accept('isolation', 'level') ? isolationLevels.find((each) => at.accept(...each.split(' '))) : undefined;
    if (level !== undefined) modes.push({ name: 'transaction_isolation', value: level });
    else if (at.accept('read', 'only')) modes.push({ name: 'transaction_read_only', value: 'on' });
    else if (at.accept('read', 'write')) modes.push({ name: 'transaction_read_only', value: 'off' });
    else if (at.accept('not', 'deferrable')) modes.push({ name: 'transaction_deferrable', value: 'off' });
    else if (at.accept('deferrable')) modes.push({ name: 'transaction_deferrable', value: 'on' });
    else return modes;
  }
}
