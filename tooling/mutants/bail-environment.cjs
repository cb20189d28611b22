// Jest's Node environment that runs no more tests on a mutant once one has failed.
const { createRequire } = require('node:module');

let from = `${process.cwd()}/package.json`; // jest is what core has
for (const name of ['jest', 'jest-cli', 'jest-config', 'jest-environment-node']) {
  from = createRequire(from).resolve(name);
}
const { TestEnvironment } = require(from);

let caught; // the mutant that a test has failed of

module.exports = class BailEnvironment extends TestEnvironment {
  handleTestEvent({ name, test }) {
    const mutant = process.env.__STRYKER_ACTIVE_MUTANT__;
    if (mutant === undefined) return;
    if (name === 'test_done' && test.errors.length > 0) caught = mutant;
    if (name === 'test_start' && caught === mutant) test.mode = 'skip';
  }
};
