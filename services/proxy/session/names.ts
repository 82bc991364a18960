import type { Masked } from '#masking';
import type { Resolved } from '#sql';
import { changeOf } from './change.js';
import type { SessionContext } from './context.js';
import { forwardedAs, prepareAgain } from './masking.js';
import { alone, type Meaning, type Part } from './meaning.js';
import { type Refusal, unknownName } from './refusal.js';
import { newRunning } from './running.js';
import type { Scope } from './scope.js';

interface Text {
  readonly sql: Buffer;
  readonly scope: Scope;
  /** What masks made of it: known once all of it is resolved. */
  readonly masked: () => Masked;
}

/** A statement of a text, its names looked up; `applied` folds what its success does to them. */
export function partOf(
  ctx: SessionContext,
  statement: Resolved,
  { sql, scope, masked }: Text,
): Part | { readonly refusal: Refusal } {
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
          const meaning: Meaning = { ...alone(ctx, inner), changes: changeOf(ctx, inner) };
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
            boundAt: undefined,
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
