import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const file = '.cache/test-counts.json';

export function clearCounts() {
  rmSync(file, { force: true });
}

export function writeCounts(counts) {
  mkdirSync('.cache', { recursive: true });
  writeFileSync(file, JSON.stringify(counts));
}

/** The line a machine reads. A run that failed without a failing test counts as one failure. */
export function countLine({ runFailed }) {
  const counts = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: 0, skipped: 0 };
  if (runFailed && counts.failed === 0) counts.failed = 1;
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}

if (import.meta.filename === process.argv[1]) console.log(countLine({ runFailed: process.argv.includes('--failed') }));
