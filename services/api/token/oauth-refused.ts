/** What a token endpoint answers where it gives no token (RFC 6749 5.2). */
const descriptions = {
  invalid_request: 'grant_type and assertion are given once each, as a form',
  unsupported_grant_type: 'the only grant is urn:ietf:params:oauth:grant-type:saml2-bearer',
  // The same for all that may be wrong with an assertion: why, the event says.
  invalid_grant: 'the assertion was not accepted',
} as const;

export class OAuthRefused extends Error {
  override readonly name = 'OAuthRefused';
  constructor(private readonly code: keyof typeof descriptions) {
    super(descriptions[code]);
  }

  get body(): { readonly error: string; readonly error_description: string } {
    return { error: this.code, error_description: descriptions[this.code] };
  }
}
