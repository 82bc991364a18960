// Builds only when something in the sources is newer than what was built. `npm ci` has built already, so that a demo starts at once.
import './node-version.mjs';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const sources = ['services', 'libs', 'package.json', 'tsconfig.json', 'nest-cli.json'];
// What each step of the build writes last: older ones mean that it was cut short.
const results = [
  'dist/tsconfig.tsbuildinfo',
  'dist/services/standalone/main.js',
  ...(existsSync('services/console/index.html') ? ['dist/services/console/index.html'] : []),
];

// A folder is newer when something in it was made, renamed or removed.
const newest = (path) => {
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(
    found.mtimeMs,
    ...readdirSync(path)
      .filter((name) => name !== 'node_modules')
      .map((name) => newest(join(path, name))),
  );
};

const isFresh = () => {
  if (!results.every((path) => existsSync(path))) return false;
  const built = Math.min(...results.map((path) => statSync(path).mtimeMs));
  return built >= Math.max(...sources.map(newest));
};

if (!isFresh()) {
  console.log('building what is newer than its build …');
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit', shell: process.platform === 'win32' });
  process.exitCode = status ?? 1;
}
