/** What an id is in the name of its key; of what ids begin with, what these names begin with. */
// Colons, braces and what is a glob are escaped too: an id chooses neither slot nor pattern.
export function encodeId(id: string): string {
  return encodeURIComponent(id).replaceAll('*', '%2A');
}

/** The id, or `undefined` for what `encodeId` does not make: then the key is somebody else's. */
export function decodeId(text: string): string | undefined {
  try {
    const id = decodeURIComponent(text);
    return id !== '' && encodeId(id) === text ? id : undefined;
  } catch {
    return undefined;
  }
}

/** The pattern for SCAN of all names that begin so. */
export function patternOf(start: string): string {
  return `${start.replace(/[*?[\]\\^]/g, '\\$&')}*`;
}
