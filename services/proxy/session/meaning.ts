import type { StatementFacts } from '#events';
import { type Lineage, type Masked, plainLineage } from '#masking';
import type { Resolved, Written } from '#sql';
import type { SessionContext } from './context.js';
import { firstUserOid, forwardedAs, lineagesOf, maskingOf, prepareAgain, untouched } from './masking.js';
import { type Refusal, stateInFlight, unknownName } from './refusal.js';
import { newRunning, type Prepared } from './running.js';

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

  /** What EXECUTE of a name runs: resolved anew where what its own names stand for may have changed. */
  statement(name: string): Resolved | undefined {
    if (this.prepared.has(name)) return this.prepared.get(name);
    const known = this.ctx.state.prepared.get(name);
    return known?.settled === true ? asOfNow(this.ctx, known) : undefined;
  }

  /** Whether masks would have a prepared statement sent otherwise by now: the server runs the text that it was given then. */
  isStale(name: string): boolean {
    const known = this.prepared.has(name) ? undefined : this.ctx.state.prepared.get(name);
    const [written] = known?.written ?? [];
    if (!this.ctx.judge.masking || !known || !written || isCurrent(this.ctx, known)) return false;
    const now = asOfNow(this.ctx, known);
    return !now || known.forwarded !== forwardedAs(maskingOf(this.ctx.judge, known.sql, [written], [now], [now]), written);
  }

  cursor(name: string): Resolved | undefined {
    if (this.cursors.has(name)) return this.cursors.get(name);
    return this.ctx.state.portals.get(name)?.meaning.asked[0];
  }
}

const isCurrent = ({ state, judge }: SessionContext, { epoch, catalog }: Prepared): boolean =>
  epoch === state.epoch && catalog === judge.catalog;

function asOfNow(ctx: SessionContext, known: Prepared): Resolved | undefined {
  const [written] = known.written;
  if (!written || isCurrent(ctx, known)) return known.meaning.asked[0];
  return ctx.judge.resolve(written, { ...ctx.state.names(), parameterTypes: known.parameterTypes });
}

/** Meanings of texts that do nothing to names and that no mask rewrites: the same for each text of the same words. */
export class Meanings {
  private readonly known = new WeakMap<readonly Written[], { readonly of: string; readonly meaning: Meaning }>();

  get(ctx: SessionContext, written: readonly Written[], types: readonly number[]): Meaning | undefined {
    const known = this.known.get(written);
    return known?.of === momentOf(ctx, types) ? known.meaning : undefined;
  }

  keep(ctx: SessionContext, written: readonly Written[], types: readonly number[], meaning: Meaning): void {
    if (!ctx.judge.masking && written.every(({ act }) => act.kind === 'plain'))
      this.known.set(written, { of: momentOf(ctx, types), meaning });
  }
}

/** All that a plain statement's meaning depends on, beside its text. */
const momentOf = ({ state, judge }: SessionContext, types: readonly number[]): string =>
  `${state.epoch} ${judge.catalog} ${types.filter((type) => type >= firstUserOid).join(' ')}`;

/** @param parameterTypes as Parse gives them */
export function meaningOf(
  ctx: SessionContext,
  written: readonly Written[],
  sql: Buffer,
  parameterTypes: readonly number[] = [],
): Meaning | { readonly refusal: Refusal } {
  const known = ctx.meanings.get(ctx, written, parameterTypes);
  if (known) return known;
  const scope = new Scope(ctx);
  const names = {
    ...ctx.state.names(),
    parameterTypes,
    prepared: (name: string) => scope.statement(name),
    cursors: (name: string) => scope.cursor(name),
  };
  const resolved: Resolved[] = [];
  const parts: Part[] = [];
  let masking: Masked = untouched;
  for (const [i, one] of written.entries()) {
    const statement = ctx.judge.resolve(one, names);
    const part = partOf(ctx, statement, { sql, scope, masked: () => masking });
    if ('refusal' in part) return part;
    resolved.push(statement);
    parts.push(part);
    if (i < written.length - 1 && changesState(ctx, statement)) return { refusal: stateInFlight };
  }
  const asked = parts.map((part) => part.asked);
  masking = maskingOf(ctx.judge, sql, written, resolved, asked);
  const acts = resolved.map(({ act }) => act);
  const meaning: Meaning = {
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
  ctx.meanings.keep(ctx, written, parameterTypes, meaning);
  return meaning;
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

interface Text {
  readonly sql: Buffer;
  readonly scope: Scope;
  /** What masks made of it: known once all of it is resolved. */
  readonly masked: () => Masked;
}

function partOf(ctx: SessionContext, statement: Resolved, { sql, scope, masked }: Text): Part | { readonly refusal: Refusal } {
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
            forwarded: forwardedAs(masked(), act.inner),
          });
        },
      };
    }
    case 'execute': {
      const inner = scope.statement(act.name);
      if (!inner) return { refusal: unknownName('26000', `prepared statement "${act.name}"`) };
      // The server plans it anew on what its names stand for now: what was masked then may be elsewhere.
      if (scope.isStale(act.name)) return { refusal: prepareAgain };
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
            changes: ctx.state.changes,
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
