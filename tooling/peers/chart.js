const WIDTH = 830;
const MARGIN = 16;
const LEFT = 300; // where bars begin
const UNIT = 180; // pixels of the floor
const MOST = 2.5; // what is longer is cut off
const BAR = 14;
const FIGURE = 30; // pixels that `0.00` takes
const ROW = 2 * BAR + 12;

// With a background of its own, as the page around it may be light while the system is dark.
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .small { font-size: 12px; fill: #59636e }
  .ours, .title { font-weight: 600 }
  .title { font-size: 16px }
  .page { fill: #ffffff }
  .line { stroke: #1f2328; stroke-dasharray: 3 3 }
  .one { fill: #818b98 } .many { fill: #c8d1da }
  .ours.one { fill: #0969da } .ours.many { fill: #80bcff }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .small { fill: #9198a1 }
    .page { fill: #0d1117 } .line { stroke: #f0f6fc }
    .one { fill: #9198a1 } .many { fill: #4b535d }
    .ours.one { fill: #4493f8 } .ours.many { fill: #1f5fae }
  }`;

/** How fast each case is beside its floor: two bars each, and a line at the floor. */
export function toSvg(sections) {
  const parts = [...legend(MARGIN + 16)];
  let y = MARGIN + 44;
  for (const { title, note = '', bars } of sections) {
    const floors = [...new Set(bars.map(({ floor }) => floor))].join('; ');
    parts.push(text(MARGIN, y + 18, title, 'title'));
    parts.push(text(LEFT, y + 18, `1.0 = ${floors}. ${note}`.trim(), 'small'));
    y += 30;
    const end = y + bars.length * ROW;
    const x = LEFT + UNIT;
    parts.push(...bars.flatMap((bar, n) => rects(y + n * ROW, bar)));
    parts.push(`<line class="line" x1="${x}" x2="${x}" y1="${y - 6}" y2="${end - 6}"/>`);
    parts.push(...bars.flatMap((bar, n) => words(y + n * ROW, bar)));
    y = end + 12;
  }
  for (const conditions of new Set(sections.map((section) => section.conditions))) {
    parts.push(text(MARGIN, y + 8, conditions, 'small'));
    y += 20;
  }
  y += MARGIN;
  const size = `width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">`,
    '<title>Pairs of a write and a read per second, as a multiple of the floor</title>',
    `<style>${STYLE}\n</style>`,
    `<rect class="page" width="${WIDTH}" height="${y}" rx="6"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function legend(y) {
  return [
    text(MARGIN, y, 'Rate as a multiple of the floor (longer is faster)', 'ours'),
    ...[
      ['one', 'one at a time', 130],
      ['many', '64 at once', 250],
    ].flatMap(([width, label, x]) => [
      rect(LEFT + x, y - 10, 12, 12, width),
      rect(LEFT + x + 14, y - 10, 12, 12, `${width} ours`),
      text(LEFT + x + 32, y, label, 'small'),
    ]),
  ];
}

function rects(y, { name, one, many }) {
  return [
    rect(LEFT, y, lengthOf(one), BAR - 1, `one${oursOf(name)}`),
    rect(LEFT, y + BAR, lengthOf(many), BAR - 1, `many${oursOf(name)}`),
  ];
}

function words(y, { name, pair, durability, one, many }) {
  const value = (ratio) => (ratio > MOST ? `${ratio.toFixed(2)} →` : ratio.toFixed(2));
  return [
    text(MARGIN, y + 11, name, oursOf(name).trim()),
    text(MARGIN, y + 26, `${pair}, ${durability}`, 'small'),
    text(besideBar(one), y + 11, value(one), 'small'),
    text(besideBar(many), y + BAR + 11, value(many), 'small'),
  ];
}

function oursOf(name) {
  return name.startsWith('@sessions/') ? ' ours' : '';
}

function lengthOf(ratio) {
  return Math.round(Math.min(ratio, MOST) * UNIT);
}

/** Where a bar's figure begins: behind the bar, and not across the line of the floor. */
function besideBar(ratio) {
  const x = LEFT + lengthOf(ratio) + 5;
  const floor = LEFT + UNIT;
  return x <= floor && x + FIGURE > floor ? floor + 5 : x;
}

function rect(x, y, width, height, style) {
  return `<rect class="${style}" x="${x}" y="${y}" width="${width}" height="${height}"/>`;
}

function text(x, y, content, style) {
  const safe = content.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<text${style ? ` class="${style}"` : ''} x="${x}" y="${y}">${safe}</text>`;
}
