import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

/** PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** PEM: the root certificate. */
  readonly ca: string;
  /** A certificate for these DNS names and IP addresses, valid now, signed with ECDSA over SHA-256. */
  issue(names: { readonly dns?: readonly string[]; readonly ip?: readonly string[] }): Promise<Identity>;
}

/** A certification authority of a test's own. */
export async function makeAuthority(name: string): Promise<Authority> {
  const keys = await generateKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    ...validity(),
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  return {
    ca: root.toString('pem'),
    issue: async ({ dns = [], ip = [] }) => {
      const subject = await generateKeys();
      const certificate = await x509.X509CertificateGenerator.create({
        subject: `CN=${dns[0] ?? ip[0] ?? name}`,
        issuer: root.subject,
        publicKey: subject.publicKey,
        signingKey: keys.privateKey,
        ...validity(),
        signingAlgorithm,
        extensions: [
          new x509.SubjectAlternativeNameExtension([
            ...dns.map((value) => ({ type: 'dns' as const, value })),
            ...ip.map((value) => ({ type: 'ip' as const, value })),
          ]),
        ],
      });
      const key = await crypto.subtle.exportKey('pkcs8', subject.privateKey);
      return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') };
    },
  };
}

const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

const generateKeys = () => crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);

const validity = (): { notBefore: Date; notAfter: Date } => {
  const hour = 3_600_000;
  return { notBefore: new Date(Date.now() - hour), notAfter: new Date(Date.now() + 24 * hour) };
};
