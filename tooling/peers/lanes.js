/** So many bodies side by side, each told the number of its lane. */
export function lanes(width, body) {
  return Promise.all(Array.from({ length: width }, (_, lane) => body(lane)));
}

/** What a run of so many seconds measures, after a shorter one that warms up. */
export async function afterWarmUp(seconds, run) {
  await run(Math.min(0.4, seconds));
  return run(seconds);
}
