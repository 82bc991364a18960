import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as Crypto);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const validity = { notBefore: new Date(Date.now() - 86_400_000), notAfter: new Date(Date.now() + 86_400_000) };

export interface Certificates {
  /** PEM. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** An authority of one test run, and a certificate of it for localhost and 127.0.0.1. */
export async function makeCertificates(): Promise<Certificates> {
  const authority = await keys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    keys: authority,
    signingAlgorithm: algorithm,
    name: 'CN=Sallyport test authority',
    extensions: [new x509.BasicConstraintsExtension(true, 0, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true)],
  });
  const server = await keys();
  const cert = await x509.X509CertificateGenerator.create({
    ...validity,
    issuer: ca.subject,
    subject: 'CN=localhost',
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
      ]),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', server.privateKey)).toString('base64');
  return {
    ca: ca.toString('pem'),
    cert: cert.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${key.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`,
  };
}

const keys = (): Promise<CryptoKeyPair> => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<CryptoKeyPair>;
