import { spawn } from 'node:child_process';
import { Secret } from '#runtime';

export interface SecretCommand {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** All that it sees of an environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** A command did not print a secret. What it printed is not repeated. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

const longestOutput = 64 * 1024;

/**
 * Runs a program without a shell and takes what it prints, without its last line break. What it says on stderr is thrown away: it may
 * hold the secret. It and what it started are killed when it takes too long.
 * @throws CommandFailed
 */
export function runForSecret({ command: [file = '', ...args], env, timeoutMs }: SecretCommand): Promise<Secret> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    const chunks: Buffer[] = [];
    let length = 0;
    let why: string | undefined;
    const kill = (reason: string): void => {
      why ??= reason;
      child.stdout.destroy();
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        child.kill('SIGKILL'); // its group is gone already
      }
    };
    const late = setTimeout(kill, timeoutMs, `it took more than ${timeoutMs} ms`);
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > longestOutput) kill(`it printed more than ${longestOutput / 1024} KiB`);
      else chunks.push(chunk);
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      why ??= `it cannot be started (${error.code ?? 'unknown'})`;
    });
    child.once('close', (code, signal) => {
      clearTimeout(late);
      if (why === undefined && code !== 0)
        why = code === null ? `it was ended by ${signal ?? 'a signal'}` : `it ended with ${code}`;
      const printed = Buffer.concat(chunks)
        .toString('utf8')
        .replace(/\r?\n$/, '');
      if (why === undefined && printed === '') why = 'it printed nothing';
      if (why === undefined) resolve(new Secret(printed));
      else reject(new CommandFailed(why));
    });
  });
}
