// In place of jose, by which the SDK checks tokens: Jest cannot require an ES module before Node 24.9.
// Nothing here has a token; the processes and the examples run with all of the SDK.
module.exports = {};
