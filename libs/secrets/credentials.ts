import { readFile, stat } from 'node:fs/promises';
import { Secret, type SecretReference } from '#runtime';
import { runForSecret, CommandFailed } from './command.js';
import { NoSealingKeys, SealBroken, type SealingKey, sealingKeys, unseal } from './sealing.js';
import { SecretUnavailable } from './unavailable.js';
import { readVault, VaultFailed, type VaultPlace } from './vault.js';

export interface CredentialsOptions {
  /** The section `secrets` of the configuration. */
  readonly secrets: {
    readonly key?: SecretReference | undefined;
    readonly vault?: (VaultPlace & { readonly token: SecretReference; readonly cacheSeconds: number }) | undefined;
  };
  /** Where `{ env: NAME }` looks, and what a command sees of: normally the environment of the process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of a monotonic clock. */
  readonly nowMs: () => number;
  /** How long a command, and Vault, may take. Default 10 s and 5 s. */
  readonly commandMs?: number;
  readonly vaultMs?: number;
}

interface Held {
  readonly secret: Secret;
  readonly isGood: () => boolean | Promise<boolean>;
}

/** How soon one that was fetched anew is so again: a wrong password is no reason to ask Vault for every session. */
const renewAfterMs = 1_000;

/**
 * Has secrets by their references. A variable is what it was at the start, a file is read again when it changed, a sealed value is
 * opened each time; what Vault or a command gave is used for as long as the configuration says. Who asks at the same time shares one
 * fetch. What has failed is tried again by whoever asks next; an old value is not used beyond its time.
 */
export class Credentials {
  private readonly held = new Map<string, Held>();
  private readonly fetching = new Map<string, Promise<Held>>();
  private readonly renewedAtMs = new Map<string, number>();

  constructor(private readonly options: CredentialsOptions) {}

  /** @throws SecretUnavailable */
  async password(reference: SecretReference): Promise<Secret> {
    const held = this.held.get(keyOf(reference));
    return held && (await held.isGood()) ? held.secret : (await this.fetch(reference)).secret;
  }

  /**
   * The secret after a server has refused it: fetched anew, unless somebody has done so since.
   * @returns what may be the same as was refused: then there is no other
   * @throws SecretUnavailable
   */
  async renewed(reference: SecretReference, refused: Secret): Promise<Secret> {
    const key = keyOf(reference);
    const held = this.held.get(key);
    if (held && !held.secret.equals(refused)) return held.secret;
    const nowMs = this.options.nowMs();
    const renewedAtMs = this.renewedAtMs.get(key) ?? -Infinity;
    if (held && nowMs - renewedAtMs < renewAfterMs && (await held.isGood())) return held.secret;
    const { secret } = await this.fetch(reference);
    this.renewedAtMs.set(key, nowMs);
    return secret;
  }

  private fetch(reference: SecretReference): Promise<Held> {
    const key = keyOf(reference);
    const underWay = this.fetching.get(key);
    if (underWay) return underWay;
    const fetched = this.from(reference)
      .then((held) => {
        this.held.set(key, held);
        return held;
      })
      .catch((error: unknown) => {
        throw unavailable(reference, error);
      })
      .finally(() => this.fetching.delete(key));
    this.fetching.set(key, fetched);
    return fetched;
  }

  private async from(reference: SecretReference): Promise<Held> {
    const { nowMs } = this.options;
    const beganMs = nowMs();
    const until = (seconds: number) => (): boolean => nowMs() < beganMs + seconds * 1000;
    if ('env' in reference) {
      const value = this.options.env[reference.env] ?? '';
      if (value === '') throw new SecretUnavailable(reference, 'it is not set');
      return { secret: new Secret(value), isGood: () => true };
    }
    if ('file' in reference) {
      const { file } = reference;
      const stamp = await stampOf(file);
      const value = (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
      if (value === '') throw new SecretUnavailable(reference, 'it is empty');
      return { secret: new Secret(value), isGood: async () => (await stampOf(file).catch(() => '')) === stamp };
    }
    if ('sealed' in reference)
      return { secret: await unseal(reference.sealed, await this.sealingKeys(reference)), isGood: () => false };
    if ('vault' in reference) {
      const { vault } = this.options.secrets;
      if (!vault) throw new SecretUnavailable(reference, 'the configuration has no secrets.vault');
      const secret = await readVault(vault, await this.password(vault.token), reference.vault, this.options.vaultMs ?? 5_000);
      return { secret, isGood: until(vault.cacheSeconds) };
    }
    const { command, environment, cacheSeconds } = reference;
    const env = this.environmentOf(environment);
    const secret = await runForSecret({ command, env, timeoutMs: this.options.commandMs ?? 10_000 });
    return { secret, isGood: until(cacheSeconds) };
  }

  private async sealingKeys(reference: SecretReference): Promise<readonly SealingKey[]> {
    const { key } = this.options.secrets;
    if (!key) throw new SecretUnavailable(reference, 'the configuration has no secrets.key to open it with');
    return sealingKeys(await this.password(key));
  }

  private environmentOf(names: readonly string[]): Record<string, string> {
    const { env } = this.options;
    return Object.fromEntries(
      ['PATH', 'HOME', 'LANG', ...names].flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
    );
  }
}

const keyOf = (reference: SecretReference): string => JSON.stringify(reference);

/** Changes whenever the file is written or replaced. */
async function stampOf(file: string): Promise<string> {
  const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
  return [ino, size, mtimeNs, ctimeNs].join();
}

/** No cause goes along: it might quote what was read. */
function unavailable(reference: SecretReference, error: unknown): unknown {
  if (error instanceof SecretUnavailable) return error;
  if (
    error instanceof SealBroken ||
    error instanceof NoSealingKeys ||
    error instanceof VaultFailed ||
    error instanceof CommandFailed
  )
    return new SecretUnavailable(reference, error.message);
  const { code } = Object(error) as { code?: unknown };
  return typeof code === 'string' ? new SecretUnavailable(reference, `it cannot be read (${code})`) : error;
}
