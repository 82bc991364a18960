import type { StatementFacts } from '#events';
import { type Lineage, type Masked, plainLineage } from '#masking';
import type { Resolved } from '#sql';
import type { SessionContext } from './context.js';
import { hasRoom } from './event-size.js';
import { untouched } from './masking.js';
import type { Change } from './state.js';

/**
 * One statement of a text: what it is recorded as, what the rules are asked about (of EXECUTE and FETCH, what they run), and what its
 * success does to names.
 */
export interface Part {
  readonly facts: StatementFacts;
  readonly asked: Resolved;
  readonly applied: (n: number) => void;
}

/** What a text means on the state of the moment. */
export interface Meaning {
  readonly parts: readonly Part[];
  readonly facts: readonly StatementFacts[];
  /** One of each statement: of EXECUTE and FETCH, what they run. */
  readonly asked: readonly Resolved[];
  /** All that the rules are asked about: of EXECUTE and FETCH also the statement itself, whose arguments are code, too. */
  readonly decides: readonly Resolved[];
  /** It reads CopyData from the client. */
  readonly copiesIn: boolean;
  /** What later decisions read, and may be different once it runs. */
  readonly changes: Change;
  readonly changesCatalog: boolean;
  /** It only gives back what the session holds: ROLLBACK passes even while the log is broken. */
  readonly onlyFrees: boolean;
  /** COMMIT or ROLLBACK: all that a failed transaction still takes. */
  readonly endsTransaction: boolean;
  /** What masks make of the text. */
  readonly masking: Masked;
  /** Of each statement: which result columns come from masked ones. */
  readonly lineages: readonly Lineage[];
  /** It runs a statement by its name (EXECUTE): what that is, the server looks up when it runs. */
  readonly namesStatement: boolean;
  /** The texts of what it runs by name. */
  readonly named: readonly Buffer[];
  /** No event has room for its facts: what cannot be recorded does not run. */
  readonly isTooLong: boolean;
}

/** What one statement means by itself, wherever it was held: in a PREPARE, or a cursor. */
export const alone = (ctx: SessionContext, statement: Resolved): Meaning => ({
  parts: [{ facts: statement.facts, asked: statement, applied: () => undefined }],
  facts: [statement.facts],
  asked: [statement],
  decides: [statement],
  copiesIn: false,
  changes: 'nothing',
  changesCatalog: false,
  onlyFrees: false,
  endsTransaction: false,
  masking: { kind: 'as-is', touches: ctx.judge.masking?.touches(statement) ?? [] },
  lineages: [ctx.judge.masking?.lineage(statement) ?? plainLineage],
  namesStatement: false,
  named: [],
  isTooLong: !hasRoom(statement.facts),
});

/** Of a message whose text nobody has read. */
export const nothing: Meaning = {
  parts: [],
  facts: [],
  asked: [],
  decides: [],
  copiesIn: false,
  changes: 'nothing',
  changesCatalog: false,
  onlyFrees: false,
  endsTransaction: false,
  namesStatement: false,
  named: [],
  isTooLong: false,
  masking: untouched,
  lineages: [],
};
