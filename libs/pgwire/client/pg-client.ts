import {
  decodeCommandComplete,
  decodeDataRow,
  decodeParameterStatus,
  decodeRowDescription,
  type BackendKey,
  type Column,
} from '../backend.js';
import { decodeFault, toFault, type Fault } from '../fault.js';
import { request } from '../request.js';
import { sendCancel } from './cancel.js';
import { open, type ConnectOptions, type Session } from './connect.js';
import { QueryFailed } from './errors.js';
import type { Wire } from './wire.js';

export interface Result {
  /** Every value as text; null for NULL. */
  readonly rows: readonly (readonly (string | null)[])[];
  readonly columns: readonly Column[];
  /** The command tag; empty for an empty statement. */
  readonly tag: string;
}

/** A small client for what the proxy itself asks a server: one statement at a time, whole results in memory, values as text. */
export class PgClient {
  private last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly options: ConnectOptions,
    private readonly wire: Wire,
    private readonly session: Session,
  ) {}

  /** @throws as `connect` does */
  static async connect(options: ConnectOptions): Promise<PgClient> {
    const { wire, session } = await open(options, maxMessage);
    return new PgClient(options, wire, session);
  }

  get backend(): BackendKey {
    return this.session.backend;
  }

  /** As the server last reported them. */
  get parameters(): ReadonlyMap<string, string> {
    return this.session.parameters;
  }

  get serverVersion(): string {
    return this.session.serverVersion;
  }

  /**
   * Runs when the queries before it have ended. Without parameters over the simple protocol, where a string of several statements
   * gives the result of the last; with parameters over the extended one.
   * @throws QueryFailed, ConnectionLost
   */
  query(sql: string, parameters?: readonly (string | null)[]): Promise<Result> {
    const run = this.last.then(() => {
      this.wire.send(...(parameters ? extended(sql, parameters) : [request.query(sql)]));
      return this.result();
    });
    this.last = run.catch(() => undefined);
    return run;
  }

  /** Asks the server to cancel what it is doing for this client. */
  async cancel(): Promise<void> {
    await sendCancel({ ...this.options, ...this.backend });
  }

  /** Ends the session when the queries before have ended. */
  async close(): Promise<void> {
    await this.last;
    await this.wire.close(request.terminate());
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.wire.destroy();
  }

  private async result(): Promise<Result> {
    let result: Result = { rows: [], columns: [], tag: '' };
    let columns: Column[] = [];
    let rows: (string | null)[][] = [];
    let fault: Fault | undefined;
    for (;;) {
      const frame = await this.wire.next();
      switch (frame.toString('latin1', 0, 1)) {
        case 'T':
          columns = decodeRowDescription(frame);
          break;
        case 'D':
          rows.push(decodeDataRow(frame).map((cell) => cell && cell.toString('utf8')));
          break;
        case 'C':
          result = { rows, columns, tag: decodeCommandComplete(frame) };
          columns = [];
          rows = [];
          break;
        case 'G':
          this.wire.send(request.copyFail('this client has nothing to copy'));
          break;
        case 'H':
          fault = noCopy;
          break;
        case 'S': {
          const { name, value } = decodeParameterStatus(frame);
          this.session.parameters.set(name, value);
          break;
        }
        case 'E':
          fault = toFault(decodeFault(frame));
          break;
        case 'Z':
          if (fault) throw new QueryFailed(fault);
          return result;
        default: // completions, notices, notifications and the copied rows say nothing about the result
      }
    }
  }
}

/** The longest message that is taken: a row of a catalog is far from it. */
const maxMessage = 64 * 1024 * 1024;

const noCopy: Fault = { severity: 'ERROR', code: '0A000', message: 'this client does not take the rows of a COPY TO STDOUT' };

const extended = (sql: string, parameters: readonly (string | null)[]): Buffer[] => [
  request.parse('', sql),
  request.bind('', '', parameters),
  request.describe({ of: 'portal', name: '' }),
  request.execute('', 0),
  request.sync(),
];
