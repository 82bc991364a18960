import type { EventOf } from '#events';
import { encodeErrorResponse, type Frame, Framer, ProtocolViolation, request } from '#pgwire';
import { SessionContext } from './context.js';
import { Intake } from './intake.js';
import type { Holds, Judge, SessionFacts, SessionPort, Timer } from './port.js';
import { isSecret } from './pipeline.js';
import { Replies } from './replies.js';
import { Settling } from './settling.js';
import { SessionState } from './state.js';

type EndReason = EventOf<'session.closed'>['data']['reason'];

/** What becomes of what the server runs for a session that must end. */
export type RunningThen = 'cancel' | 'finish';

type TokenEnd = 'token-expired' | 'token-revoked';
const tokenWords: Readonly<Record<TokenEnd, string>> = {
  'token-expired': 'terminating connection because its token has expired',
  'token-revoked': 'terminating connection because its token was revoked',
};

/** Settings that the proxy's reading of SQL rests on: under any other value the server would read another statement. */
const required: Readonly<Record<string, readonly string[]>> = {
  standard_conforming_strings: ['on'],
  client_encoding: ['UTF8', 'SQL_ASCII'],
};

/**
 * One session after start-up, as a machine without I/O: the bytes of either side, acknowledgements of the log, votes and ticks go in;
 * what comes out goes through the port. The client's stream begins after its last authentication message, the server's after the first
 * ReadyForQuery.
 */
export class Session {
  private readonly ctx: SessionContext;
  private readonly intake: Intake;
  private readonly replies: Replies;
  private readonly settling: Settling;
  private readonly clientFramer: Framer;
  private readonly serverFramer: Framer;
  private ended = false;
  /** Nothing more is taken: the session ends when the server has answered what it was sent. */
  private ending: TokenEnd | undefined;

  constructor(
    facts: SessionFacts,
    private readonly port: SessionPort,
    judge: Judge,
    holds: Holds,
    start: { readonly role: string; readonly searchPath: readonly string[] },
  ) {
    this.ctx = new SessionContext(facts, port, judge, new SessionState(start));
    this.replies = new Replies(this.ctx, {
      idle: () => {
        this.settling.idle();
      },
      copyIn: () => {
        this.intake.copyStarted();
      },
      copyInEnded: () => {
        this.intake.copyEnded();
      },
      broken: (detail) => {
        this.fatal('protocol-error', '08P01', detail);
      },
      setting: (name, value) => {
        this.setting(name, value);
      },
    });
    this.intake = new Intake(this.ctx, this.replies, holds);
    this.settling = new Settling(this.ctx, this.intake, this.replies, (...end) => {
      this.fatal(...end);
    });
    this.ctx.broken = (detail) => {
      this.fatal('protocol-error', '58000', detail);
    };
    this.ctx.attempt = (work) => {
      this.attempt(work);
    };
    this.clientFramer = new Framer({
      direction: 'frontend',
      maxFrame: facts.limits.messageBytes,
      // CopyData too: a message of which half was sent could not be taken back.
      whole: () => true,
    });
    this.serverFramer = new Framer({
      direction: 'backend',
      maxFrame: facts.limits.messageBytes,
      // The content net looks at whole values.
      whole: (type) => judge.masking !== undefined || (type !== 'D' && type !== 'd'),
    });
  }

  /** How many statements were taken, and how many bytes of either stream its events account for. */
  get totals(): { readonly statements: number; readonly client: number; readonly server: number } {
    return { statements: this.ctx.state.taken, client: this.ctx.client.at, server: this.ctx.server.at };
  }

  fromClient(chunk: Buffer): void {
    this.attempt(() => {
      try {
        this.clientFramer.push(chunk, (frame: Frame) => {
          this.intake.frame(frame);
        });
      } finally {
        this.intake.pump();
      }
    });
  }

  fromServer(chunk: Buffer): void {
    this.attempt(() => {
      this.serverFramer.push(chunk, (frame: Frame) => {
        if (!this.ended) this.replies.frame(frame);
      });
      this.replies.flush();
      if (this.ending && this.replies.owesNothing) this.tokenFatal(this.ending);
    });
  }

  /**
   * The token that the session is open by is no longer good. Nothing more goes to the server; what it runs is cancelled, or may finish
   * and be answered, but for a COPY FROM STDIN, which would take more of the client. What is open of a transaction is rolled back.
   */
  tokenEnded(reason: TokenEnd, running: RunningThen): void {
    this.attempt(() => {
      if (running === 'finish' && !this.replies.owesNothing && !this.intake.copyIn.active) {
        this.ending = reason;
        this.intake.stop();
        this.replies.record();
        return;
      }
      if (this.replies.expected.owesClient) this.recordCancel('limit');
      this.tokenFatal(reason);
    });
  }

  private tokenFatal(reason: TokenEnd): void {
    this.fatal(reason, '28000', tokenWords[reason], 'Connect again with a new token.');
  }

  /**
   * Does what may meet a message that nobody can read, or a defect of ours: either ends this session with a word to its client, and
   * no other.
   */
  attempt(work: () => void): void {
    if (this.ended) return;
    try {
      work();
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) this.port.defect(error);
      const [code, message] =
        error instanceof ProtocolViolation ? ['08P01', error.message] : ['XX000', 'the session cannot go on'];
      this.fatal('protocol-error', code, message);
    }
  }

  tick(timer: Timer): void {
    if (this.ended) return;
    switch (timer) {
      case 'hold':
        this.intake.holdExpired();
        return;
      case 'linger':
        this.ctx.lingered();
        this.intake.record();
        this.replies.record();
        return;
      case 'idle':
        this.fatal('limit', '57P05', 'terminating connection due to idle-session timeout');
    }
  }

  /** A CancelRequest with this session's key: what has not been sent ends here, what runs is cancelled at the server. */
  cancel(by: EventOf<'cancel.requested'>['data']['by']): void {
    if (this.ended) return;
    if (this.replies.expected.owesClient) {
      this.recordCancel(by);
      this.port.cancelServer();
      return;
    }
    const outcome = this.intake.cancel() ? 'unsent' : 'idle';
    this.port.record([{ type: 'cancel.requested', data: { by, outcome } }], 'linger');
  }

  private recordCancel(by: EventOf<'cancel.requested'>['data']['by']): void {
    const { running } = this.replies.expected;
    const data = { by, outcome: 'sent', ...(running && { n: running.n }) } as const;
    this.port.record([{ type: 'cancel.requested', data }], 'linger');
  }

  /** The client's connection is gone without a Terminate: what runs for it is stopped. */
  clientGone(): void {
    this.attempt(() => {
      if (this.replies.expected.owesClient) {
        this.recordCancel('disconnect');
        this.port.cutServer();
      }
      this.end('client-gone');
    });
  }

  serverGone(detail?: string): void {
    this.attempt(() => {
      this.replies.flush();
      if (!this.replies.fatal) {
        this.replies.abandon();
        this.replies.author(
          encodeErrorResponse({
            severity: 'FATAL',
            code: '08006',
            message: 'the connection to the server was lost',
            detail: detail ?? 'It closed its connection without a word.',
          }),
        );
        this.replies.flush();
      }
      this.end('server-gone', detail);
    });
  }

  /** Ends the session with a word to its client. */
  fatal(reason: EndReason, sqlstate: string, message: string, hint?: string): void {
    if (this.ended) return;
    this.replies.author(encodeErrorResponse({ severity: 'FATAL', code: sqlstate, message, ...(hint !== undefined && { hint }) }));
    this.replies.flush();
    if (this.replies.expected.owesClient) this.port.cutServer();
    else this.port.toServer(request.terminate());
    this.end(reason, message);
  }

  /** Accounts for what is left. The port's `end` follows. */
  private end(reason: EndReason, detail?: string): void {
    this.finish();
    this.port.end(reason, detail);
  }

  /** Everything that was taken is accounted for, and nothing more is taken. Never throws: an end must not fail. */
  finish(): void {
    if (this.ended) return;
    this.ended = true;
    try {
      this.accountForAll();
    } catch (error) {
      this.port.defect(error);
    }
  }

  private accountForAll(): void {
    const { incomplete, unread } = this.clientFramer;
    this.intake.stop();
    if (unread.length > 0) {
      this.ctx.client.begin('?', unread.length, unread);
      this.ctx.recordRange(this.ctx.client);
    }
    if (incomplete && incomplete.held.length > 0) {
      const { type, held, length = held.length } = incomplete;
      this.ctx.client.begin(type, length, held);
      if (isSecret({ type, bytes: held })) this.ctx.client.withhold(type, 'secret');
      this.ctx.recordRange(this.ctx.client);
    }
    this.replies.abandon();
    this.replies.record();
  }

  private setting(name: string, value: string): void {
    const allowed = required[name];
    if (!allowed || allowed.includes(value)) return;
    this.fatal('setting', '0A000', `${name} was set to ${value}: no statement can be decided under it`);
  }
}
