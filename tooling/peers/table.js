import { readFileSync } from 'node:fs';

const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url)));

/** All that was measured, as Markdown. */
export function toMarkdown(sections) {
  const [{ conditions }] = sections;
  const parts = [
    `${conditions}.`,
    'A pair is a write or an update of a session of 985 bytes, and a read that must find it, for 1,024 sessions in turn. Figures are the median, with the least and the most. × floor is how many times as fast as the floor a case is, the median over the rounds: the floor is the same kind of pair by the client alone and, for files, with or without flushes as the case is.',
    ...sections.map((section) => sectionOf(section, conditions)),
    `Versions: ${versions()}.`,
  ];
  return `${parts.join('\n\n')}\n`;
}

function sectionOf(section, usual) {
  const { title, conditions, note, head = [], rows = [], points = [] } = section;
  const parts = [`## ${title}`];
  if (conditions !== usual) parts.push(`${conditions}.`);
  if (note) parts.push(note);
  const lines = rows.map((row) => line(head.map((_, n) => row[n] ?? '–')));
  if (rows.length > 0) parts.push([line(head), line(head.map(() => '---')), ...lines].join('\n'));
  if (points.length > 0) parts.push(points.map((point) => `- ${point}`).join('\n'));
  return parts.join('\n\n');
}

function versions() {
  const others = Object.entries(dependencies).filter(([, version]) => !version.startsWith('link:'));
  return others.map(([name, version]) => `${name} ${version}`).join(', ');
}

function line(cells) {
  return `| ${cells.join(' | ')} |`;
}
