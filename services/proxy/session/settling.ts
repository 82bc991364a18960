import type { EventOf } from '#events';
import type { SessionContext } from './context.js';
import { hasRoomForPath } from './event-size.js';
import type { Intake } from './intake.js';
import type { Replies } from './replies.js';
import { readState, stateQuestion } from './state-query.js';

type EndReason = EventOf<'session.closed'>['data']['reason'];

/** Reads again what decisions read, once what may have changed it was answered. Until then they wait. */
export class Settling {
  private askedAgain = false;

  constructor(
    private readonly ctx: SessionContext,
    private readonly intake: Intake,
    private readonly replies: Replies,
    private readonly fatal: (reason: EndReason, sqlstate: string, message: string) => void,
  ) {}

  /** The server answered everything. What may have changed is read again before the next decision. */
  idle(): void {
    const { state } = this.ctx;
    // What was decided and not sent yet has not changed, or bound, anything: its own ReadyForQuery will tell.
    if (!this.intake.pipeline.nothingOpen) {
      this.intake.pump();
      return;
    }
    if (state.transaction === 'I') for (const [name, portal] of state.portals) if (portal.prepared) state.portals.delete(name);
    if (state.unsettled !== 'nothing' && state.transaction !== 'E') this.settle();
    else this.intake.pump();
  }

  private settle(): void {
    const { state } = this.ctx;
    const { unsettled } = state;
    if (unsettled === 'nothing' || unsettled === 'names') {
      this.settled();
      return;
    }
    this.intake.pipeline.busy = true;
    const question = stateQuestion(unsettled);
    this.ctx.port.record([{ type: 'proxy.statement', data: { purpose: 'state', sql: question.sql } }], 'linger');
    this.replies.expected.push({
      kind: 'state',
      rows: [],
      failed: false,
      done: (rows) => {
        const read = rows && readState(rows);
        if (!read) {
          // A cancel of the client's may have met this question instead of its own statement.
          if (!rows && state.transaction === 'E') {
            this.intake.pipeline.busy = false;
            this.intake.pump(); // the transaction it failed is asked about when it has ended
          } else if (!rows && !this.askedAgain && !this.intake.pipeline.over) {
            this.askedAgain = true;
            this.settle();
          } else this.fatal('protocol-error', '58000', "the session's state cannot be read");
          return;
        }
        this.askedAgain = false;
        if (!hasRoomForPath(read.searchPath)) {
          this.fatal('limit', '54000', 'the search_path is longer than a record may hold: no statement can be decided under it');
          return;
        }
        if (!this.ctx.facts.mayRunAs.includes(read.role)) {
          // Code that nobody could see into has done it; nothing else is done as that role.
          this.ctx.port.record([{ type: 'session.terminated', data: { rule: 'sallyport:role-guard' } }], 'linger');
          this.fatal(
            'refused',
            '42501',
            `terminating connection: it runs as ${read.role}, which its role of the policy does not permit`,
          );
          return;
        }
        Object.assign(state, read);
        if (state.catalogStale && state.transaction === 'I') this.refreshCatalog();
        else this.settled();
      },
    });
    this.ctx.port.toServer(question.messages);
  }

  private refreshCatalog(): void {
    this.ctx.port.refreshCatalog((error) => {
      if (error) {
        this.fatal('protocol-error', '58000', 'the catalog cannot be read');
        return;
      }
      this.ctx.state.catalogStale = false;
      this.settled();
    });
  }

  private settled(): void {
    const { state } = this.ctx;
    state.unsettled = 'nothing';
    state.epoch++;
    this.intake.pipeline.busy = false;
    this.intake.pump();
  }
}
