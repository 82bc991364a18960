/** A reporter of jest that fails the run, with CI=true, when a test was skipped or is still to be written: unseen is not passed. */
export default class NoSkippedTests {
  #skipped = [];

  onRunComplete(_, { testResults }) {
    if (process.env.CI !== 'true') return;
    this.#skipped = testResults
      .flatMap((file) => file.testResults)
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map(({ fullName, status }) => `${status}: ${fullName}`);
  }

  getLastError() {
    if (this.#skipped.length === 0) return undefined;
    return new Error(`${this.#skipped.length} tests did not run\n  ${this.#skipped.join('\n  ')}`);
  }
}
