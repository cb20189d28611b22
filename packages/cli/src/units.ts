const STEPS = [
  ['y', 365 * 86_400],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const;

/** Milliseconds as `5s`, `12m`, `3h`, `40d`, `2y`: the largest unit of which there are two, rounded down. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  for (const [unit, size] of STEPS) {
    if (seconds >= 2 * size || (unit === 'y' && seconds >= size)) {
      return `${Math.floor(seconds / size)}${unit}`;
    }
  }
  return `${Math.floor(seconds)}s`;
}

/** Bytes as `985 B`, `1.2 kB`, `3.4 MB`. */
export function size(bytes: number): string {
  if (bytes < 999.5) return `${Math.round(bytes)} B`;
  let value = bytes;
  for (const unit of ['kB', 'MB', 'GB']) {
    value /= 1000;
    if (value < 999.5) return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`;
  }
  return `${(value / 1000).toFixed(1)} TB`;
}

/** A number with commas between the thousands. */
export function count(value: number): string {
  return value.toLocaleString('en');
}

/** So many of these: `1 session`, `1,200 sessions`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}
