import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const ServiceAccountToken = z.object({ path: z.string(), audience: z.string(), expirationSeconds: z.int().min(600) });
const Deployment = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.tuple([
          z.object({
            env: z.array(z.object({ name: z.string(), value: z.string() })),
            volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
          }),
        ]),
        volumes: z.array(
          z.object({
            name: z.string(),
            projected: z.object({ sources: z.tuple([z.object({ serviceAccountToken: ServiceAccountToken })]) }).optional(),
          }),
        ),
      }),
    }),
  }),
});

/** The pod of a deployment with one projected token, its volume in a folder of this machine. */
export class Pod {
  private readonly folder = mkdtempSync(join(tmpdir(), 'sallyport-pod-'));
  private readonly token: z.infer<typeof ServiceAccountToken> & { readonly mountPath: string };
  private readonly declared: Readonly<Record<string, string>>;
  private renewals = 0;

  constructor(yaml: string) {
    const { containers, volumes } = Deployment.parse(parse(yaml)).spec.template.spec;
    const [{ env, volumeMounts }] = containers;
    const volume = volumes.find(({ projected }) => projected !== undefined);
    const mount = volumeMounts.find(({ name }) => name === volume?.name);
    if (!volume?.projected || !mount) throw new Error('the pod mounts no projected token');
    this.token = { ...volume.projected.sources[0].serviceAccountToken, mountPath: mount.mountPath };
    this.declared = Object.fromEntries(env.map(({ name, value }) => [name, value]));
  }

  get audience(): string {
    return this.token.audience;
  }

  /** The container's variables; paths into the volume lead to where it is here. */
  get env(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      Object.entries(this.declared).map(([name, value]) => [name, value.replace(this.token.mountPath, this.folder)]),
    );
  }

  /** As the kubelet does it: a folder of its own for each renewal, and a link that is put in place at once. */
  renew(token: string): void {
    const folder = `..${this.renewals++}`;
    mkdirSync(join(this.folder, folder));
    writeFileSync(join(this.folder, folder, this.token.path), token, { mode: 0o600 });
    const isFirst = folder === '..0';
    symlinkSync(folder, join(this.folder, '..data_tmp'));
    renameSync(join(this.folder, '..data_tmp'), join(this.folder, '..data'));
    if (isFirst) symlinkSync(join('..data', this.token.path), join(this.folder, this.token.path));
  }

  clear(): void {
    rmSync(this.folder, { recursive: true });
  }
}
