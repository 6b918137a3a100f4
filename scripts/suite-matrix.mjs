// Which driver passes which conformance suite, from the JSON report of a test run: node scripts/suite-matrix.mjs [report]
import { readFileSync } from 'node:fs';

/** How every suite names what it describes: `<suite>: <driver>`. */
const title = /^(.+ contract(?:, [^:]+| for [^:]+)?): (.+)$/;

/** Passed and all tests by suite and driver; a test that was skipped did not pass. */
export function suiteMatrix(report) {
  const suites = {};
  for (const { ancestorTitles, status } of report.testResults.flatMap(({ assertionResults }) => assertionResults)) {
    const found = title.exec(ancestorTitles.find((name) => title.test(name)) ?? '');
    if (found === null) continue;
    const [, suite, driver] = found;
    const cell = ((suites[suite] ??= {})[driver] ??= { passed: 0, tests: 0 });
    cell.tests += 1;
    if (status === 'passed') cell.passed += 1;
  }
  return suites;
}

/** One table for each port: its suites down, its drivers across. */
export function formatMatrix(suites) {
  const ports = grouped(Object.keys(suites), portOf);
  return Array.from(ports, ([, names]) => tableOf(suites, names)).join('\n\n');
}

function tableOf(suites, names) {
  const drivers = [...new Set(names.flatMap((name) => Object.keys(suites[name])))];
  const cell = (name, driver) => {
    const found = suites[name][driver];
    return found === undefined ? '-' : `${found.passed}/${found.tests}`;
  };
  const rows = [['', ...drivers], ...names.map((name) => [name, ...drivers.map((driver) => cell(name, driver))])];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function portOf(suite) {
  return suite.split(' contract')[0];
}

function grouped(list, keyOf) {
  const groups = new Map();
  for (const item of list) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

if (import.meta.filename === process.argv[1]) {
  const report = JSON.parse(readFileSync(process.argv[2] ?? '.cache/tests.json', 'utf8'));
  console.log(formatMatrix(suiteMatrix(report)));
}
