import type { By, Durability, EventOf, EventType, Principal, RunContext, WireRange } from '#events';
import type { LogFailed } from '#event-log';
import type { Bound } from '#approvals';
import type { Lineage, Masked, Statement } from '#masking';
import type { Decision, HoldDecision } from '#policy';
import type { Parsed, Resolved, SessionNames, Written } from '#sql';
import type { AccountedPart } from './account.js';

/** An event of this session before it has numbers: the journal stamps `at`, `producer`, `pseq` and `seq`. */
export interface SessionDraft<T extends EventType = EventType> {
  readonly type: T;
  readonly data: EventOf<T>['data'];
  readonly parts?: readonly AccountedPart[];
  readonly wire?: readonly WireRange[];
}
export type AnyDraft = { [T in EventType]: SessionDraft<T> }[EventType];

/** What must have happened to a record before `settled` is called: `linger` asks for nothing and never settles. */
export type Need = 'disk' | 'file' | 'linger';

/** `hold`: a human has not answered. `linger`: what was accounted for goes to the log. `idle`: nothing came from the client. */
export type Timer = 'hold' | 'linger' | 'idle';

/**
 * All that a session may do. The session itself has no socket, clock, worker or log: so the same machine runs live, is cut at every
 * byte in a unit test, and can be driven through seeded schedules of delay and failure.
 */
export abstract class SessionPort {
  abstract toServer(bytes: Buffer): void;
  abstract toClient(bytes: Buffer): void;
  /** Records these events, all or none. `settled` is called in order, never before `record` returned. */
  abstract record(drafts: readonly AnyDraft[], need: Need, settled?: (error?: LogFailed) => void): void;
  /** May answer at once. */
  abstract parse(sql: Buffer, done: (parsed: Parsed) => void): void;
  /** Reads the catalog again; the judge is the new one when `done` is called. */
  abstract refreshCatalog(done: (error?: Error) => void): void;
  abstract arm(timer: Timer, ms: number): void;
  abstract disarm(timer: Timer): void;
  /** Asks the server to cancel what it runs for this session. */
  abstract cancelServer(): void;
  /** Nobody waits for the server any more: what it runs is cancelled, and what it was sent behind that never runs. */
  abstract cutServer(): void;
  /** Stops and restarts what comes from the client: its messages wait in the socket, not in memory. */
  abstract pauseClient(): void;
  abstract resumeClient(): void;
  /** Tells of a defect of the session's own. */
  abstract defect(error: unknown): void;
  /** Everything is over: both connections end after what was written to them. */
  abstract end(reason: EventOf<'session.closed'>['data']['reason'], detail?: string): void;
  /** Microseconds of the monotonic clock. */
  abstract micros(): number;
  /** Unix milliseconds. */
  abstract now(): number;
}

/** The pure side of deciding, for one session's principal and target: catalog and policy are those of the moment. */
export abstract class Judge {
  /** SHA-256 of the policy and of the catalog, and the analyzer's version: all that a decision needs to be made again. */
  abstract readonly policy: string;
  abstract readonly catalog: string;
  /** The catalog is older than a decision may rest on. */
  abstract readonly isStale: boolean;
  abstract readonly analyzer: string;
  /** Absent where no mask holds for the principal on this database. */
  readonly masking?: SessionMasking | undefined;
  abstract resolve(written: Written, names: SessionNames): Resolved;
  /** The strictest of what the policy says of each. @param run what is said of the run that they belong to */
  abstract decide(statements: readonly Resolved[], run: RunContext): Decision;
}

/** Masks as they hold for one session; pure, on the catalog of the moment. */
export abstract class SessionMasking {
  /** What is to be sent in a text's place; the rewritten text is to be parsed and checked before it is sent. */
  abstract rewrite(sql: Buffer, statements: readonly Statement[]): Masked;
  /** Masked columns of the tables that a statement names. */
  abstract touches(statement: Resolved): readonly string[];
  /** Which of its result columns come from masked ones. */
  abstract lineage(statement: Resolved): Lineage;
  /** Whether the server's tag of a result column is that of a masked column: its rows must not pass. */
  abstract isMaskedTag(table: number, attnum: number): boolean;
}

/** A statement that a rule holds, with all that an approval of it binds. */
export interface HoldRequest {
  readonly bound: Bound;
  readonly decision: HoldDecision;
  /** Told of the vote where the session can wait for it; absent where it cannot. */
  readonly waiting?: (outcome: VoteOutcome) => void;
}

export type VoteOutcome = 'granted' | 'denied';

export type HoldAnswer =
  /** A grant binds exactly this: it is spent now. */
  | { readonly kind: 'granted'; readonly approval: string }
  | { readonly kind: 'denied'; readonly approval: string }
  /** Another statement opened a hold for exactly this already. */
  | { readonly kind: 'pending'; readonly held: HeldFacts }
  /** Opened for this statement: its event is to be recorded, and the session waits where it can. */
  | { readonly kind: 'opened'; readonly held: HeldFacts };

export type HeldFacts = Omit<EventOf<'statement.held'>['data'], 'n' | 'mode'>;

/** Holds of the whole process: a grant is used once, whoever asks. */
export abstract class Holds {
  abstract ask(session: SessionFacts, request: HoldRequest): HoldAnswer;
  /** The decision that spent this grant could not be recorded: it was not used. */
  abstract giveBack(approval: string): void;
  /** The session waits no longer. With `retry`, whoever sends the same again may still use a grant; else it is withdrawn. */
  abstract leave(approval: string, then: 'retry' | 'withdrawn'): void;
}

/** What is fixed for the life of a session. */
/**
 * What a client wants of decisions. `wait`: a hold may keep it waiting. `retry`: it would rather be told at once, and try again.
 * `ask`: nothing is run, and what is held asks for its approval. `explain`: nothing is run, and nobody is asked.
 */
export const modes = ['wait', 'retry', 'ask', 'explain'] as const;
export type Mode = (typeof modes)[number];

export interface SessionFacts {
  readonly id: string;
  readonly principal: Principal;
  /** Who acts in its name, the present actor first. */
  readonly actors: readonly By[];
  /** What its token and its start-up packet say of the run that it is for. */
  readonly run: RunContext;
  /** What it may run as: its login, and roles that the policy names. */
  readonly mayRunAs: readonly string[];
  /** Absent: `wait`. */
  readonly mode?: Mode;
  readonly target: string;
  readonly database: string;
  readonly durability: Durability;
  readonly limits: SessionLimits;
}

export interface SessionLimits {
  /** The longest message that a client may send, CopyData aside. */
  readonly messageBytes: number;
  /** Results whose content is kept, per statement and per session; beyond that they are accounted for. */
  readonly statementResultBytes: number;
  readonly sessionResultBytes: number;
  /** What may wait here undecided or unsent before the client is no longer read. */
  readonly waitingBytes: number;
}
