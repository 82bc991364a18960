// Adds up what jest wrote about its runs and prints `N passed, N failed`. A run that left no file failed as a whole.
import { readFileSync } from 'node:fs';

let passed = 0;
let failed = 0;
for (const file of process.argv.slice(2)) {
  try {
    const run = JSON.parse(readFileSync(file, 'utf8'));
    passed += run.numPassedTests;
    failed += run.numFailedTests + run.numPendingTests + run.numTodoTests + run.numRuntimeErrorTestSuites;
  } catch (error) {
    console.error(`no result in ${file}: ${error.message}`);
    failed += 1;
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
