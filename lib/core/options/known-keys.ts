import { InvalidOptionError } from '../errors.js';

/**
 * Refuses keys that nobody reads: a misspelt option would otherwise do nothing, in silence.
 *
 * @param path - where the object stands in what the user wrote, such as `retention.completed`; `''` at the top
 * @param otherWords - keys that are another library's, and what to do instead
 * @throws InvalidOptionError naming the key and the nearest known one
 */
export function checkKnownKeys(
  path: string,
  object: unknown,
  known: readonly string[],
  otherWords: Readonly<Record<string, string>> = {},
): void {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    throw new InvalidOptionError(path === '' ? 'options' : path, object, 'an object');
  }
  for (const key of Object.keys(object)) {
    if (known.includes(key)) continue;
    const value = (object as Record<string, unknown>)[key];
    const remedy = Object.hasOwn(otherWords, key) ? otherWords[key]! : nearestWord(key, known);
    const expected = `left out (there is no such option; ${remedy})`;
    throw new InvalidOptionError(pathOf(path, key), harmless(value), expected);
  }
}

/** The path of a key inside an object. */
export const pathOf = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

/** A misspelt `connectionString` must not bring its password into a message. */
const harmless = (value: unknown): unknown =>
  typeof value === 'number' || typeof value === 'boolean' || value == null ? value : '…';

function nearestWord(key: string, known: readonly string[]): string {
  const nearest = nearestOf(key, known);
  return nearest ? `did you mean \`${nearest}\`?` : `known are ${known.join(', ')}`;
}

/** The known key that differs by the fewest letters, unless that is another word altogether. */
function nearestOf(key: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let fewest = Math.max(2, Math.floor(key.length / 3)) + 1;
  for (const candidate of known) {
    const distance = distanceBetween(key.toLowerCase(), candidate.toLowerCase());
    if (distance < fewest) [nearest, fewest] = [candidate, distance];
  }
  return nearest;
}

/** How many letters must be added, dropped or changed to turn one word into the other. */
function distanceBetween(from: string, to: string): number {
  if (from.length > 64) return Infinity;
  let above = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const line = [row];
    for (let column = 1; column <= to.length; column++) {
      const changed = above[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      line.push(Math.min(above[column]! + 1, line[column - 1]! + 1, changed));
    }
    above = line;
  }
  return above[to.length]!;
}
