import type { BoundParameter } from '#approvals';
import { type Bind, decodeBind, decodeExecute, request } from '#pgwire';
import type { SessionContext } from './context.js';
import type { Deciding } from './deciding.js';
import type { ClientMessage, Pipeline } from './pipeline.js';
import type { PreparedStatements } from './prepared-statements.js';
import type { Readiness } from './readiness.js';
import type { Reading } from './reading.js';
import * as refusals from './refusal.js';
import { type Moment, newRunning, type Portal } from './running.js';
import { awaitsName } from './scope.js';

const noText = Buffer.alloc(0);

/** Bind and Execute: the first Execute runs what its Bind was decided on, each later one is a statement of its own. */
export class Portals {
  constructor(
    private readonly ctx: SessionContext,
    private readonly pipeline: Pipeline,
    private readonly deciding: Deciding,
    private readonly reading: Reading,
    private readonly readiness: Readiness,
    private readonly statements: PreparedStatements,
  ) {}

  bind(message: ClientMessage): void {
    const bound = decodeBind(message.bytes);
    const { portal: name, statement } = bound;
    const { state } = this.ctx;
    const prepared = state.prepared.get(statement);
    if (!prepared) {
      const what = statement === '' ? 'unnamed prepared statement' : `prepared statement "${statement}"`;
      this.deciding.refuse({ message, form: 'bind' }, refusals.unknownName('26000', what));
      return;
    }
    // Whether its Parse succeeded is not known yet: within its own pipeline a failure skips this Bind, behind a Sync it would not.
    if (!prepared.settled && prepared.pipeline !== this.pipeline.number) return;
    if (awaitsName(state, prepared.written, this.pipeline.number)) return;
    this.reading.meant(message, 'bind', this.statements.renewed(prepared), (meaning) => {
      this.deciding.decide({
        message,
        form: 'bind',
        meaning,
        sql: prepared.sql,
        parameters: parametersOf(bound, prepared.parameterTypes),
        prepared,
        portal: name,
        renew: () => this.statements.renewed(prepared),
        send: (n, now) => {
          const running = newRunning(
            n,
            () => {
              now.parts[0]?.applied(n);
            },
            now,
          );
          const portal: Portal = {
            name,
            meaning: now,
            prepared,
            running,
            executed: false,
            boundAt: this.moment,
            columns: prepared.columns,
            described: false,
          };
          state.portals.set(name, portal);
          this.pipeline.forward({ bytes: message.bytes, expected: { kind: 'bind', portal } });
        },
      });
    });
  }

  execute(message: ClientMessage): void {
    const { portal: name } = decodeExecute(message.bytes);
    const { pipeline } = this;
    const portal = this.ctx.state.portals.get(name);
    if (!portal) {
      this.deciding.refuse({ message, form: 'execute' }, refusals.unknownName('34000', `portal "${name}"`));
      return;
    }
    if (!portal.executed) {
      if (!this.isAsBound(portal)) {
        this.deciding.refuse({ message, form: 'execute' }, refusals.boundEarlier);
        return;
      }
      this.ctx.state.change(portal.meaning.changes);
      portal.executed = true;
      pipeline.account(message);
      this.run(message, portal);
      if (portal.meaning.copiesIn) {
        // What follows waits to hear whether the server takes data; so this must go now.
        pipeline.copy = portal.running;
        pipeline.gather.flush();
      }
      return;
    }
    // More rows of a suspended portal, or of an SQL cursor: a statement of its own, decided by what it was bound to.
    if (!this.readiness.known(message, 'execute')) return;
    this.deciding.decide({
      message,
      form: 'execute',
      meaning: portal.meaning,
      sql: portal.prepared?.sql ?? noText,
      parameters: [],
      portal: name,
      renew: () => portal.meaning,
      send: (n) => {
        portal.running = newRunning(n, undefined, portal.meaning);
        this.run(message, portal);
      },
    });
  }

  /** On a target with masks no row passes before its tags were seen: a portal that the client did not describe, the proxy does. */
  private run(message: ClientMessage, portal: Portal): void {
    const { pipeline } = this;
    const { running, name } = portal;
    if (this.ctx.judge.masking && !portal.described) {
      portal.described = true;
      pipeline.forward({ bytes: request.describe({ of: 'portal', name }), expected: { kind: 'tags', portal } });
    }
    running.columns = portal.columns;
    pipeline.forward({ bytes: message.bytes, expected: { kind: 'execute', running, portal } });
  }

  private get moment(): Moment {
    const { state, judge } = this.ctx;
    return { changes: state.changesSent, names: state.namesEpoch, catalog: judge.catalog, pipeline: this.pipeline.number };
  }

  /** Whether a portal that was never executed still does what was decided: many a command looks up its names only when it runs. */
  private isAsBound({ boundAt, meaning }: Portal): boolean {
    if (!boundAt) return true;
    const { changes, names, catalog, pipeline } = this.moment;
    if (boundAt.changes !== changes || (meaning.namesStatement && boundAt.names !== names)) return false;
    return boundAt.catalog === catalog || boundAt.pipeline === pipeline;
  }
}

function parametersOf({ parameters, parameterFormats }: Bind, types: readonly number[]): BoundParameter[] {
  return parameters.map((value, i) => ({
    type: types[i] ?? 0,
    format: (parameterFormats.length > 1 ? parameterFormats[i] : parameterFormats[0]) === 'binary' ? 1 : 0,
    value,
  }));
}
