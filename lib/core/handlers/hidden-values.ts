/*
 * What schemas say of data is stored with dead letters, logged and sent to error trackers. Some of them quote the
 * value that they refuse, and it may be a password: it is taken out of what they say.
 */

const HIDDEN = '…';
/** Shorter texts are words of messages as well: of them only those in quotes are meant. */
const SHORTEST_FREE_TEXT = 4;
/** Of a large value the rest is not looked for: messages do not quote that much. */
const MOST_PARTS = 200;

/** A message without the value that it is about, or parts of it. */
export function withoutValues(message: string, value: unknown): string {
  // A schema may have changed the case before it looked.
  const told = inOneCase(message);
  const hidden = new Uint8Array(told.length);
  for (const part of partsOf(value)) {
    if (typeof part === 'number') hideNumber(String(part), told, hidden);
    else hideText(inOneCase(part.trim()), told, hidden);
  }
  let left = '';
  for (let at = 0; at < message.length; at++) {
    if (!hidden[at]) left += message[at];
    else if (!hidden[at - 1]) left += HIDDEN;
  }
  return left;
}

/** As long as it was: some letters are two in the other case. */
const inOneCase = (text: string): string =>
  text.replace(/\p{Lu}/gu, (letter) => {
    const other = letter.toLowerCase();
    return other.length === letter.length ? other : letter;
  });

/** Not by a pattern: it may be too large for one. */
function hideText(text: string, told: string, hidden: Uint8Array): void {
  if (text === '' || text.length > told.length) return;
  const forms = [JSON.stringify(text), ...['"', "'", '`'].map((quote) => quote + text + quote)];
  if (text.length >= SHORTEST_FREE_TEXT) forms.push(text);
  for (const form of forms) {
    for (let at = told.indexOf(form); at >= 0; at = told.indexOf(form, at + form.length)) {
      hidden.fill(1, at, at + form.length);
    }
  }
}

/** Its last mention alone: the same number may be a limit, and comes first then. */
function hideNumber(digits: string, told: string, hidden: Uint8Array): void {
  const pattern = `(?<![\\w.])${digits.replaceAll(/[.+-]/g, '\\$&')}(?!\\w|\\.\\d)`;
  const mentions = [...told.matchAll(new RegExp(pattern, 'g'))];
  const at = mentions.findLast(({ index }) => !hidden[index])?.index;
  if (at !== undefined) hidden.fill(1, at, at + digits.length);
}

/** Texts and numbers in it, the longest first, since one may be a part of another. */
function partsOf(value: unknown): (string | number)[] {
  const parts: (string | number)[] = [];
  const waiting = [value];
  for (const next of waiting) {
    if (typeof next === 'string' || typeof next === 'number') parts.push(next);
    else if (typeof next === 'object' && next !== null) {
      if (waiting.length < MOST_PARTS) waiting.push(...Object.values(next).slice(0, MOST_PARTS));
    }
  }
  return parts.sort((a, b) => String(b).length - String(a).length);
}
