import type { StatementFacts } from '#events';
import { type Lineage, type Masked, plainLineage } from '#masking';
import type { Resolved, Written } from '#sql';
import type { SessionContext } from './context.js';
import { lineagesOf, maskingOf, prepareAgain } from './masking.js';
import { type Refusal, stateInFlight, unknownName } from './refusal.js';
import { newRunning } from './running.js';

/**
 * One statement of a text: what it is recorded as, what the rules are asked about (of EXECUTE and FETCH, what they run), and what its
 * success does to names.
 */
interface Part {
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
  /** Once it runs, what later decisions read may be different. */
  readonly changesState: boolean;
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
}

/** Names that statements earlier in the same text make, on top of the session's. */
class Scope {
  private readonly prepared = new Map<string, Resolved | undefined>();
  private readonly cursors = new Map<string, Resolved | undefined>();

  constructor(private readonly ctx: SessionContext) {}

  define(kind: 'prepared' | 'cursors', name: string, inner: Resolved): void {
    this[kind].set(name, inner);
  }

  statement(name: string): Resolved | undefined {
    if (this.prepared.has(name)) return this.prepared.get(name);
    const known = this.ctx.state.prepared.get(name);
    return known?.settled === true ? known.meaning.asked[0] : undefined;
  }

  /** Whether the catalog has changed since a statement was prepared. */
  isStale(name: string): boolean {
    const known = this.prepared.has(name) ? undefined : this.ctx.state.prepared.get(name);
    return known !== undefined && known.catalog !== this.ctx.judge.catalog;
  }

  cursor(name: string): Resolved | undefined {
    if (this.cursors.has(name)) return this.cursors.get(name);
    return this.ctx.state.portals.get(name)?.meaning.asked[0];
  }
}

export function meaningOf(
  ctx: SessionContext,
  written: readonly Written[],
  sql: Buffer,
): Meaning | { readonly refusal: Refusal } {
  const scope = new Scope(ctx);
  const names = {
    ...ctx.state.names(),
    prepared: (name: string) => scope.statement(name),
    cursors: (name: string) => scope.cursor(name),
  };
  const resolved: Resolved[] = [];
  const parts: Part[] = [];
  for (const [i, one] of written.entries()) {
    const statement = ctx.judge.resolve(one, names);
    const part = partOf(ctx, statement, sql, scope);
    if ('refusal' in part) return part;
    resolved.push(statement);
    parts.push(part);
    if (i < written.length - 1 && changesState(ctx, statement)) return { refusal: stateInFlight };
  }
  const asked = parts.map((part) => part.asked);
  const acts = resolved.map(({ act }) => act);
  const masking = maskingOf(ctx.judge, sql, written, resolved, asked);
  return {
    parts,
    facts: parts.map(({ facts }) => facts),
    asked,
    decides: [...new Set([...asked, ...resolved])],
    masking,
    lineages: lineagesOf(ctx.judge, masking, resolved, asked),
    copiesIn: acts.some((act) => act.kind === 'copy' && act.direction === 'from' && act.end === 'client'),
    changesState: resolved.some((statement) => changesState(ctx, statement) || changesNames(statement)),
    namesStatement: acts.some((act) => act.kind === 'execute' || (act.kind === 'explain' && act.executes !== undefined)),
    named: acts.flatMap((act) => (act.kind === 'execute' ? (ctx.state.prepared.get(act.name)?.sql ?? []) : [])),
    changesCatalog: resolved.some(({ facts }) => facts.effects.some((effect) => effect === 'ddl' || effect === 'code')),
    onlyFrees: acts.length > 0 && acts.every((act) => act.kind === 'transaction' && act.command === 'rollback'),
    endsTransaction: acts.length > 0 && acts.every((act) => act.kind === 'transaction' && endings.has(act.command)),
  };
}

const endings: ReadonlySet<string> = new Set([
  'commit',
  'rollback',
  'rollback-to',
  'commit-and-chain',
  'rollback-and-chain',
  'prepare',
]);

function changesState(ctx: SessionContext, { act, changes }: Resolved): boolean {
  if (changes !== 'nothing') return true;
  // A rollback takes back what the transaction had changed; COMMIT ends what was LOCAL, or ON COMMIT DROP.
  return act.kind === 'transaction' && ctx.state.changedInTransaction && endings.has(act.command);
}

/** Names of statements and cursors: what comes after waits to hear whether they were made. */
const changesNames = ({ act }: Resolved): boolean => nameActs.has(act.kind);
const nameActs: ReadonlySet<string> = new Set(['prepare', 'deallocate', 'declare', 'close', 'discard']);

function partOf(ctx: SessionContext, statement: Resolved, sql: Buffer, scope: Scope): Part | { readonly refusal: Refusal } {
  const { act, facts } = statement;
  const { prepared, portals } = ctx.state;
  const plain: Part = { facts, asked: statement, applied: () => undefined };
  switch (act.kind) {
    case 'prepare': {
      const inner = statement.inner ?? statement;
      scope.define('prepared', act.name, inner);
      const { catalog } = ctx.judge;
      return {
        ...plain,
        applied: (n) => {
          const meaning: Meaning = { ...alone(ctx, inner), changesState: changesState(ctx, inner) };
          prepared.set(act.name, {
            n,
            name: act.name,
            sql,
            written: [act.inner],
            parameterTypes: [],
            pipeline: -1,
            settled: true,
            columns: undefined,
            meaning,
            epoch: ctx.state.epoch,
            catalog,
            forwarded: undefined,
          });
        },
      };
    }
    case 'execute': {
      const inner = scope.statement(act.name);
      if (!inner) return { refusal: unknownName('26000', `prepared statement "${act.name}"`) };
      // The server plans it anew on what its names stand for now: what was masked then may be elsewhere.
      if (ctx.judge.masking && scope.isStale(act.name)) return { refusal: prepareAgain };
      return { ...plain, asked: inner };
    }
    case 'deallocate':
      return {
        ...plain,
        applied: () => {
          if (act.name === undefined) prepared.clear();
          else prepared.delete(act.name);
        },
      };
    case 'declare': {
      const inner = statement.inner ?? statement;
      scope.define('cursors', act.name, inner);
      return {
        ...plain,
        applied: (n) => {
          portals.set(act.name, {
            name: act.name,
            meaning: alone(ctx, inner),
            prepared: undefined,
            running: newRunning(n),
            executed: true,
            names: ctx.state.namesEpoch,
            columns: undefined,
            described: false,
          });
        },
      };
    }
    case 'fetch': {
      const inner = scope.cursor(act.name);
      if (!inner) return { refusal: unknownName('34000', `cursor "${act.name}"`) };
      return { ...plain, asked: inner };
    }
    case 'close':
      return {
        ...plain,
        applied: () => {
          if (act.name === undefined) portals.clear();
          else portals.delete(act.name);
        },
      };
    case 'discard':
      return {
        ...plain,
        applied: () => {
          if (act.what === 'all') {
            prepared.clear();
            portals.clear();
          }
        },
      };
    default:
      return plain;
  }
}

const alone = (ctx: SessionContext, statement: Resolved): Meaning => ({
  parts: [{ facts: statement.facts, asked: statement, applied: () => undefined }],
  facts: [statement.facts],
  asked: [statement],
  decides: [statement],
  copiesIn: false,
  changesState: false,
  changesCatalog: false,
  onlyFrees: false,
  endsTransaction: false,
  masking: { kind: 'as-is', touches: ctx.judge.masking?.touches(statement) ?? [] },
  lineages: [ctx.judge.masking?.lineage(statement) ?? plainLineage],
  namesStatement: false,
  named: [],
});
