import { z } from 'zod';
import { trustedUrl } from './issuers.js';
import { path, type Place, readableFile, secret } from './place.js';

const words = z.array(z.string().min(1));
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower case letters, digits and -')
  .describe('Names it in addresses: `/api/v1/login/<kind>/<name>`.');
const label = z.string().min(1).max(60).optional().describe('What the button says; without it, the name.');

const oidc = (place: Place) =>
  z.strictObject({
    name,
    label,
    issuer: trustedUrl.describe('One of `issuers`: its claims are read as there.'),
    clientId: z.string().min(1).describe('Our client there: authorization code with PKCE.'),
    clientSecret: secret(place).optional().describe('Its secret; without one it is a public client.'),
    scopes: words.default(['openid']).describe('What is asked for; groups often need a scope of their own.'),
  });

const device = z.strictObject({
  issuer: trustedUrl.describe('One of `issuers`: the token that it gives is used as it is.'),
  clientId: z.string().min(1).describe('A public client there that may use the device flow.'),
  scopes: words.default(['openid']).describe('What is asked for.'),
  resource: z.string().min(1).optional().describe('RFC 8707: for issuers that want to know what the token is for.'),
});

const attributes = z.strictObject({
  groups: z.string().min(1).default('groups').describe('The attribute with the groups.'),
  subject: z.string().min(1).optional().describe('The attribute that names the principal. Without it: the NameID.'),
  kind: z
    .string()
    .min(1)
    .optional()
    .describe(
      'An attribute that says human, agent or service. Without it: human in a browser, service where a token is asked for.',
    ),
});

const saml = (place: Place) =>
  z
    .strictObject({
      name,
      label,
      entityId: z.string().min(1).describe("The IdP's entity id: the issuer of its principals in events and policies."),
      certificates: z
        .array(readableFile(place))
        .min(1)
        .describe("The IdP's signing certificates, PEM; several while it changes its key."),
      audience: z.string().min(1).describe('Our entity id: what its assertions name as their audience.'),
      for: z
        .array(z.enum(['console', 'tokens']))
        .min(1)
        .default(['console'])
        .describe('`console`: people log in with it. `tokens`: service accounts exchange an assertion for a token (RFC 7522).'),
      singleSignOnUrl: trustedUrl.optional().describe('Where people are sent to log in. Required for `console`.'),
      singleLogoutUrl: trustedUrl.optional().describe('Where people are sent to log out there too.'),
      idpInitiated: z
        .boolean()
        .default(false)
        .describe('Takes responses nobody asked for: whoever makes a browser post one logs it in.'),
      attributes: attributes.prefault({}).describe('Where to find what in an assertion.'),
      signing: z
        .strictObject({ key: readableFile(place).describe('PEM.'), certificate: readableFile(place).describe('PEM.') })
        .optional()
        .describe('Our key and certificate, PEM, where the IdP wants our requests signed.'),
      clockSkewSeconds: z.int().min(0).max(300).default(30).describe("How far the IdP's clock may be from ours."),
    })
    .refine(({ for: uses, singleSignOnUrl }) => !uses.includes('console') || singleSignOnUrl !== undefined, {
      path: ['singleSignOnUrl'],
      message: 'is needed where people log in with it',
    });

const uniqueNames = (all: readonly { readonly name: string }[]): boolean =>
  new Set(all.map(({ name }) => name)).size === all.length;

/** How people log in. */
export const login = (place: Place) =>
  z.strictObject({
    oidc: z.array(oidc(place)).default([]).refine(uniqueNames, 'a name is there twice').describe('OpenID providers.'),
    saml: z
      .array(saml(place))
      .default([])
      .refine(uniqueNames, 'a name is there twice')
      .refine((all) => new Set(all.map(({ entityId }) => entityId)).size === all.length, 'an entity id is there twice')
      .describe('SAML identity providers.'),
    device: device.optional().describe('The device flow of `sallyport login` (RFC 8628).'),
  });

export const sessions = z.strictObject({
  idleMinutes: z.int().min(1).max(1_440).default(30).describe('A browser that asks for nothing this long is logged out.'),
  absoluteHours: z.int().min(1).max(168).default(8).describe('After so long everybody logs in again.'),
});

export const issuedTokens = (place: Place) =>
  z.strictObject({
    keyFile: path(place).describe(
      'The private key, 0600; made at the first start. Remove it for another key: all tokens end with it.',
    ),
    ttlSeconds: z.int().min(30).max(43_200).default(900).describe('How long a token is good for at most.'),
  });

export const breakGlass = (place: Place) =>
  z.strictObject({
    passwordHash: secret(place).describe('Made by `sallyport break-glass hash`.'),
  });
