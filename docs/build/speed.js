import { read } from './root.js';

const WIDTH = 440; // so that it can be read on a phone
const LEFT = 16;
const UNIT = 140; // pixels of the floor
const MOST = 2.5; // what is longer is cut off
const BAR = 13;
const ROW = 58;

const STYLE = `
  text { font: 14px system-ui, sans-serif; fill: #1f2328 }
  .soft { font-size: 13px; fill: #59636e } .strong { font-weight: 600 } .title { font-size: 16px }
  .page { fill: #ffffff; stroke: #d1d9e0 } .line { stroke: #1f2328; stroke-dasharray: 3 3 }
  .one { fill: #818b98 } .many { fill: #c8d1da } .ours.one { fill: #0969da } .ours.many { fill: #80bcff }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .soft { fill: #9198a1 } .page { fill: #0d1117; stroke: #3d444d } .line { stroke: #f0f6fc }
    .one { fill: #9198a1 } .many { fill: #4b535d } .ours.one { fill: #4493f8 } .ours.many { fill: #1f5fae }
  }`;

/** The picture of the benches, narrower than the one in the README. */
export function speedPicture() {
  const sections = Object.values(JSON.parse(read('tooling/peers/results.json')));
  const shown = sections.filter(({ bars }) => bars?.length > 0);
  const parts = [
    text(28, 'Longer is faster', 'strong'),
    ...[
      ['one', 'one at a time', 50],
      ['many', '64 at once', 70],
    ].flatMap(([width, label, y]) => [
      rect(LEFT, y - 10, 12, 12, width),
      rect(LEFT + 15, y - 10, 12, 12, `${width} ours`),
      text(y + 1, label, 'soft', LEFT + 36),
    ]),
    rect(LEFT + 150, 40, 12, 12, 'ours one'),
    text(51, '@sessions, the others are grey', 'soft', LEFT + 168),
  ];
  let y = 84;
  for (const { title, bars } of shown) {
    const floors = [...new Set(bars.map(({ floor }) => floor))];
    parts.push(text(y + 22, title, 'strong title'));
    for (const [n, floor] of floors.entries())
      parts.push(text(y + 42 + n * 18, `${n === 0 ? '1.0 = ' : 'or '}${floor}`, 'soft'));
    y += 54 + (floors.length - 1) * 18;
    const x = LEFT + UNIT;
    parts.push(`<path class="line" d="M${x} ${y}V${y + bars.length * ROW - 10}"/>`);
    for (const bar of bars) {
      parts.push(...row(y, bar));
      y += ROW;
    }
    y += 8;
  }
  return svg(y + 8, describe(shown), parts);
}

function row(y, { name, pair, durability, one, many }) {
  const ours = name.startsWith('@sessions/') ? ' ours' : '';
  const value = (ratio) => `${ratio.toFixed(2)}${ratio > MOST ? ' →' : ''}`;
  const length = (ratio) => Math.round(Math.min(ratio, MOST) * UNIT);
  // Beside the bar, and not across the line of the floor.
  const beside = (ratio) => {
    const x = LEFT + length(ratio) + 6;
    return x <= LEFT + UNIT && x + 32 > LEFT + UNIT ? LEFT + UNIT + 6 : x;
  };
  const [label, ...more] = name.split(', ');
  const about = [...more, pair, durability].join(', ');
  return [
    `<rect class="page" style="stroke:none" x="${LEFT}" y="${y}" width="${WIDTH - 2 * LEFT}" height="19"/>`,
    `<text x="${LEFT}" y="${y + 14}"><tspan class="${ours ? 'strong' : ''}">${safe(label)}</tspan><tspan class="soft"> ${safe(about)}</tspan></text>`,
    rect(LEFT, y + 20, length(one), BAR - 1, `one${ours}`),
    rect(LEFT, y + 20 + BAR, length(many), BAR - 1, `many${ours}`),
    text(y + 31, value(one), 'soft', beside(one)),
    text(y + 31 + BAR, value(many), 'soft', beside(many)),
  ];
}

function describe(sections) {
  const cases = ({ bars }) =>
    bars
      .map(
        ({ name, pair, one, many }) => `${name}, ${pair}: ${one.toFixed(2)} and ${many.toFixed(2)}`,
      )
      .join('; ');
  return sections.map((section) => `${section.title}. ${cases(section)}.`).join(' ');
}

function svg(height, description, parts) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="500" height="${Math.round((height * 500) / WIDTH)}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title desc">`,
    '<title id="title">How fast each store is beside the client of its backend, one at a time and 64 at once</title>',
    `<desc id="desc">${safe(description)}</desc>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function rect(x, y, width, height, style) {
  return `<rect class="${style}" x="${x}" y="${y}" width="${width}" height="${height}"/>`;
}

function text(y, content, style, x = LEFT) {
  return `<text class="${style}" x="${x}" y="${y}">${safe(content)}</text>`;
}

function safe(content) {
  return content.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
