import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { X509CertificateGenerator } from '@peculiar/x509';
import { tlsServerEndPoint } from '#pgwire';

async function certificate(algorithm: RsaHashedKeyGenParams | (EcKeyGenParams & EcdsaParams)): Promise<Buffer> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await X509CertificateGenerator.createSelfSigned({ name: 'CN=db', keys, signingAlgorithm: algorithm });
  return Buffer.from(made.rawData);
}

describe('the end point of a TLS channel', () => {
  const rsa = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };

  it.each([
    ['sha256', { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }],
    ['sha384', { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }],
    ['sha512', { ...rsa, hash: 'SHA-512' }],
    ['sha256', { ...rsa, hash: 'SHA-1' }],
  ])('is the %s of the certificate, as its signature has it', async (hash, algorithm) => {
    const der = await certificate(algorithm);
    expect(tlsServerEndPoint(der)).toEqual(createHash(hash).update(der).digest());
  });

  it('is none where the signature names no hash', async () => {
    const der = await certificate({ ...rsa, name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 } as never);
    expect(tlsServerEndPoint(der)).toBeUndefined();
  });

  it('is none of what is no certificate', () => {
    for (const bytes of [[], [0x30], [0x30, 0x84, 0xff], [0x30, 0x02, 0x30, 0x00], [0x04, 0x00]])
      expect(tlsServerEndPoint(Buffer.from(bytes))).toBeUndefined();
  });
});
