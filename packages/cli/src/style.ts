import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** The text in a style where stdout is a terminal that shows it, and nobody has said NO_COLOR. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}
