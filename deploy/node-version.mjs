// Ends with one line where this Node is older than package.json asks for: what it lacks would be a riddle later on.
import { readFileSync } from 'node:fs';

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const numbers = (version) => /(\d+)\.(\d+)/.exec(version).slice(1).map(Number);
const [major, minor] = numbers(process.version);
const [leastMajor, leastMinor] = numbers(engines.node);

if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
  console.error(`Sallyport needs Node ${engines.node}; this is ${process.version}.`);
  process.exit(1);
}
