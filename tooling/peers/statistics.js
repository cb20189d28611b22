export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Three digits that count. */
export function short(number) {
  return Number(number.toPrecision(3)).toLocaleString('en');
}

export function ratio(number) {
  return number.toFixed(2);
}

/** The median, and what lies at the ends. */
export function spread(numbers) {
  const ends = [Math.min(...numbers), Math.max(...numbers)].map(short);
  return `${short(median(numbers))} (${ends.join('–')})`;
}
