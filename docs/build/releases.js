import { readdirSync } from 'node:fs';
import { folderOf, manifests } from '../../tooling/release/project.js';
import { asText, exists, read } from './root.js';

/** What has been released, and what comes next: from changelogs and changesets. */
export function releases() {
  const all = manifests();
  const coming = all.filter(({ version }) => version === '0.0.0');
  const released = all.filter((each) => !coming.includes(each));
  return [...(coming.length > 0 ? [firstReleases(coming)] : []), ...changesOf(released)].join(
    '\n\n',
  );
}

function firstReleases(coming) {
  const rows = coming.map(({ name, description }) => `| \`${name}\` | ${asText(description)} |`);
  return [
    '## Not released yet',
    ['| package | what it is |', '|---|---|', ...rows].join('\n'),
  ].join('\n\n');
}

function changesOf(released) {
  const next = changesets();
  return released.map(({ name, version, description }) => {
    const waiting = next.get(name) ?? [];
    return [
      `## ${name}`,
      `${asText(description)}.`,
      `The newest version is **${version}**.`,
      ...(waiting.length > 0 ? [`Next:\n\n${waiting.join('\n')}`] : []),
      ...changelog(name),
    ].join('\n\n');
  });
}

function changelog(name) {
  const file = `${folderOf(name)}/CHANGELOG.md`;
  if (!exists(file)) return [];
  return [
    read(file)
      .replace(/^# .+\n/, '')
      .replace(/^##/gm, '###')
      .trim(),
  ];
}

/** The changes that wait for a release, by package. */
function changesets() {
  const changes = new Map();
  for (const file of readdirSync(new URL('../../.changeset', import.meta.url))) {
    if (!file.endsWith('.md') || file === 'README.md') continue;
    const [, head = '', body = ''] = read(`.changeset/${file}`).split(/^---\n/m);
    for (const [, name, bump] of head.matchAll(/^['"](.+)['"]: (\w+)$/gm)) {
      const change = `- **${bump}**: ${body.trim().replace(/\s+/g, ' ')}`;
      changes.set(name, [...(changes.get(name) ?? []), change]);
    }
  }
  return changes;
}
