import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { saslprep } from './saslprep.js';

export type ScramMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-256-PLUS';

export interface ScramOptions {
  readonly mechanism: ScramMechanism;
  readonly password: string;
  /** Printable ASCII without a comma, never used before: base64 of 18 random bytes, say. */
  readonly nonce: string;
  /** The `tls-server-end-point` binding of the connection, where there is one. Required by -PLUS. */
  readonly binding?: Buffer | undefined;
}

/** The client's side of one SCRAM exchange: RFC 5802, 7677, 5929. The user is empty, since Postgres has it from the start-up packet. */
export class ScramClient {
  private readonly gs2: string;
  private readonly bare: string;
  private serverSignature: Buffer | undefined;
  private verified = false;

  constructor(private readonly options: ScramOptions) {
    if (!/^[\x21-\x2b\x2d-\x7e]+$/.test(options.nonce)) throw new RangeError('a SCRAM nonce is printable ASCII without a comma');
    if (options.mechanism === 'SCRAM-SHA-256-PLUS' && !options.binding) throw new RangeError('no channel to bind to');
    // `y`: we could bind, and believe that the server cannot. A server that can takes this for a downgrade.
    this.gs2 = options.mechanism === 'SCRAM-SHA-256-PLUS' ? 'p=tls-server-end-point,,' : options.binding ? 'y,,' : 'n,,';
    this.bare = `n=,r=${options.nonce}`;
  }

  /** The client's first message. */
  get first(): string {
    return this.gs2 + this.bare;
  }

  /**
   * The client's final message. Takes as long as the server's iteration count asks for, off the event loop.
   * @throws ScramFailed
   */
  async final(serverFirst: string): Promise<string> {
    const { nonce, salt, iterations } = readServerFirst(serverFirst);
    if (!nonce.startsWith(this.options.nonce) || nonce.length === this.options.nonce.length)
      throw new ScramFailed('the server changed the nonce');
    const bound = this.options.mechanism === 'SCRAM-SHA-256-PLUS' ? this.options.binding : undefined;
    const input = Buffer.concat([Buffer.from(this.gs2, 'ascii'), bound ?? Buffer.alloc(0)]);
    const withoutProof = `c=${input.toString('base64')},r=${nonce}`;
    const message = `${this.bare},${serverFirst},${withoutProof}`;

    const salted = await saltedPassword(saslprep(this.options.password), salt, iterations);
    const clientKey = hmac(salted, 'Client Key');
    const signature = hmac(createHash('sha256').update(clientKey).digest(), message);
    const proof = clientKey.map((byte, i) => byte ^ (signature[i] ?? 0));
    this.serverSignature = hmac(hmac(salted, 'Server Key'), message);
    return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`;
  }

  /** @throws ScramFailed unless the server knows the password's verifier */
  verify(serverFinal: string): void {
    const given = Buffer.from(/^v=([A-Za-z0-9+/]+=*)(?:,|$)/.exec(serverFinal)?.[1] ?? '', 'base64');
    const expected = this.serverSignature;
    if (expected?.length !== given.length || !timingSafeEqual(expected, given))
      throw new ScramFailed('the server did not prove that it knows the password');
    this.verified = true;
  }

  /** Whether the server has proved itself: an AuthenticationOk before that is an impostor's. */
  get isVerified(): boolean {
    return this.verified;
  }
}

/** The exchange cannot be trusted; nothing was revealed that a listener could use as the password. */
export class ScramFailed extends Error {
  override readonly name = 'ScramFailed';
}

/** A server that asks for more work than this is refused: at about 1 µs each it would hold a thread for seconds. */
const maxIterations = 10_000_000;

const derive = promisify(pbkdf2);

/**
 * Salted passwords, by what they are derived from: a server salts a role's password once, so whoever logs in as the same role again and
 * again would derive the same each time, for milliseconds. They are worth what the passwords are, which this process holds as well.
 */
const derived = new Map<string, Promise<Buffer>>();
const mostDerived = 100;

function saltedPassword(password: string, salt: Buffer, iterations: number): Promise<Buffer> {
  const key = createHash('sha256').update(JSON.stringify([password, salt.toString('base64'), iterations])).digest('hex'); // prettier-ignore
  const known = derived.get(key);
  if (known) return known;
  const salted = derive(password, salt, iterations, 32, 'sha256');
  derived.set(key, salted);
  const [oldest] = derived.keys();
  if (derived.size > mostDerived && oldest !== undefined) derived.delete(oldest);
  return salted;
}
const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text, 'utf8').digest();

function readServerFirst(text: string): { nonce: string; salt: Buffer; iterations: number } {
  const [, nonce, salt, count] = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+=*),i=([1-9]\d{0,9})$/.exec(text) ?? [];
  if (nonce === undefined || salt === undefined) throw new ScramFailed('the server’s first message is malformed');
  const iterations = Number(count);
  if (iterations > maxIterations) throw new ScramFailed(`the server asks for ${iterations} iterations`);
  return { nonce, salt: Buffer.from(salt, 'base64'), iterations };
}
