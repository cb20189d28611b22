// Sums up the reports that jest left in packages/*/reports. The last line is `N passed, N failed`,
// with `, N skipped` when there are any. Fails for a test that failed, did not run without being
// allowed to, or could not be found.
import { readdirSync, readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

const LINES = 12; // of what jest says of a failure

// What may be skipped: each says in its name what the server that was found cannot do. Only one
// that is no MongoDB, which stands in where no official image can be pulled, lacks any of it.
const MAY_BE_SKIPPED = /\(skipped: the server, which is no MongoDB, [^)]+\)$/;

const count = { passed: 0, failed: 0, skipped: 0 };
const problems = [];
const packages = new URL('../packages/', import.meta.url);

for (const folder of readdirSync(packages)) {
  const manifest = readJson(`${folder}/package.json`);
  if (!manifest?.scripts?.test) continue;
  const report = readJson(`${folder}/reports/jest.json`);
  if (!report) problems.push(`${folder}: no report`);
  else if (report.numTotalTests === 0) problems.push(`${folder}: no tests`);
  for (const suite of report?.testResults ?? []) {
    // A file that could not be loaded, or died, counts as one test that failed.
    if (suite.status === 'failed' && !suite.assertionResults.some(isFailed)) {
      count.failed++;
      problems.push(`${folder}: ${suite.message}`);
    }
    for (const test of suite.assertionResults) add(test, `${folder}: ${test.fullName}`);
  }
  if (report && !report.success && problems.length === 0) problems.push(`${folder}: jest failed`);
}
if (count.passed + count.failed === 0) problems.push('no tests ran');

for (const problem of problems) console.log(problem);
const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
console.log(`${count.passed} passed, ${count.failed} failed${skipped}`);
process.exitCode = problems.length === 0 ? 0 : 1;

function add(test, name) {
  if (test.status === 'passed') {
    count.passed++;
  } else if (isFailed(test)) {
    count.failed++;
    const why = stripVTControlCharacters(test.failureMessages.join('\n'));
    problems.push(`${name}: failed\n${why.split('\n').slice(0, LINES).join('\n')}`);
  } else {
    count.skipped++;
    if (!MAY_BE_SKIPPED.test(test.fullName)) problems.push(`${name}: ${test.status}`);
  }
}

function isFailed(test) {
  return test.status === 'failed';
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(new URL(path, packages), 'utf8'));
  } catch {
    return undefined; // missing, or cut off when jest was stopped
  }
}
