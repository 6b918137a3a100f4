import { countLine, writeCounts } from './test-counts.mjs';

/** Ends a test run with one plain line that any machine can read: `12 passed, 0 failed, 1 skipped`. */
export default class PlainReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      // A file that cannot be loaded has no tests to count, and is a failure all the same.
      counts.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        counts[state === 'pending' ? 'skipped' : state] += 1;
      }
    }
    writeCounts(counts);
    process.stdout.write(`\n${countLine({ runFailed: false })}\n`);
  }
}
