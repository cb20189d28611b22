// What a package's changelog says of a change: the words of the changeset, without its commit.
module.exports = {
  getReleaseLine: async ({ summary }) => `- ${summary.trim().replaceAll('\n', '\n  ')}`,
  getDependencyReleaseLine: async (_, updated) =>
    updated.map(({ name, newVersion }) => `- Comes with \`${name}\` ${newVersion}.`).join('\n'),
};
