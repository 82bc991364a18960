import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { type Home, replaceFile } from './files.js';

/** Paths of PEM files. */
export interface ServerCertificate {
  /** What clients trust: `sslrootcert`. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const dayMs = 86_400_000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/**
 * A certificate for localhost and 127.0.0.1, by an authority made for it alone. The authority's key is kept nowhere: whoever
 * trusts it trusts this one certificate.
 */
export async function serverCertificate({ secrets }: Pick<Home, 'secrets'>, now: number): Promise<ServerCertificate> {
  const files = { ca: join(secrets, 'ca.pem'), cert: join(secrets, 'server.pem'), key: join(secrets, 'server.key') };
  if (Object.values(files).every(existsSync) && expiry(files.cert) > now + 30 * dayMs) return files;

  const [authority, server] = await Promise.all([newKeys(), newKeys()]);
  const valid = { notBefore: new Date(now - dayMs), notAfter: new Date(now + 365 * dayMs) };
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Sallyport demo authority',
    keys: authority,
    signingAlgorithm: algorithm,
    ...valid,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  const leaf = await X509CertificateGenerator.create({
    subject: 'CN=localhost',
    issuer: ca.subject,
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: algorithm,
    ...valid,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      await SubjectKeyIdentifierExtension.create(server.publicKey),
      await AuthorityKeyIdentifierExtension.create(authority.publicKey),
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
      ]),
    ],
  });
  replaceFile(files.ca, `${ca.toString('pem')}\n`);
  replaceFile(files.cert, `${leaf.toString('pem')}\n`);
  replaceFile(files.key, await privateKeyPem(server.privateKey));
  return files;
}

const expiry = (file: string): number => new X509Certificate(readFileSync(file, 'utf8')).notAfter.getTime();

const newKeys = (): Promise<CryptoKeyPair> => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

async function privateKeyPem(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.replace(/.{1,64}/g, '$&\n')}-----END PRIVATE KEY-----\n`;
}
