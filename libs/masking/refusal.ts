/** Why a statement cannot run under masks, and what to send instead. */
export interface Refused {
  readonly kind: 'refused';
  readonly reason: string;
  readonly hint: string;
}

export const refused = (reason: string, hint: string): Refused => ({ kind: 'refused', reason, hint });
