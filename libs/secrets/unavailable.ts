import { describeReference, type SecretReference } from '#runtime';

/** A secret cannot be had. The message says where it should be and why it is not there; never what it is, nor what was answered instead. */
export class SecretUnavailable extends Error {
  override readonly name = 'SecretUnavailable';
  /** In words. */
  readonly reference: string;
  constructor(
    reference: SecretReference,
    readonly why: string,
  ) {
    const described = describeReference(reference);
    super(`${described}: ${why}`);
    this.reference = described;
  }
}
