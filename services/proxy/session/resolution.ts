import type { Masked } from '#masking';
import type { Resolved, Written } from '#sql';
import { changeOf, changesOf, endings } from './change.js';
import type { SessionContext } from './context.js';
import { hasRoom } from './event-size.js';
import { firstUserOid, lineagesOf, maskingOf, untouched } from './masking.js';
import type { Meaning, Part } from './meaning.js';
import { partOf } from './names.js';
import { type Refusal, stateInFlight } from './refusal.js';
import { executedBy, Scope } from './scope.js';
import { wider } from './state.js';

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

/**
 * What a text means now.
 * @param parameterTypes as Parse gives them
 */
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
    if (i < written.length - 1 && changeOf(ctx, statement) !== 'nothing') return { refusal: stateInFlight };
  }
  const facts = parts.map((part) => part.facts);
  const asked = parts.map((part) => part.asked);
  masking = maskingOf(ctx.judge, sql, written, resolved, asked);
  const acts = resolved.map(({ act }) => act);
  const meaning: Meaning = {
    parts,
    facts,
    asked,
    decides: [...new Set([...asked, ...resolved])],
    masking,
    lineages: lineagesOf(ctx.judge, masking, resolved, asked),
    copiesIn: acts.some((act) => act.kind === 'copy' && act.direction === 'from' && act.end === 'client'),
    changes: resolved.map((statement) => changesOf(ctx, statement)).reduce(wider, 'nothing'),
    namesStatement: acts.some((act) => executedBy(act) !== undefined),
    named: acts.flatMap((act) => (act.kind === 'execute' ? (ctx.state.prepared.get(act.name)?.sql ?? []) : [])),
    changesCatalog: resolved.some(({ facts }) => facts.effects.some((effect) => effect === 'ddl' || effect === 'code')),
    isTooLong: !hasRoom({ facts, masking }),
    onlyFrees: acts.length > 0 && acts.every((act) => act.kind === 'transaction' && act.command === 'rollback'),
    endsTransaction: acts.length > 0 && acts.every((act) => act.kind === 'transaction' && endings.has(act.command)),
  };
  ctx.meanings.keep(ctx, written, parameterTypes, meaning);
  return meaning;
}
