/**
 * What a terminal would obey, and what turns the direction of a line: control characters, line separators, marks of
 * bidirectional text, and halves of surrogate pairs.
 */
const UNFIT =
  /[\p{Cc}\p{Surrogate}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;
const UNFIT_IN_LINES = new RegExp(`(?![\n\t])${UNFIT.source}`, UNFIT.flags);

/** A text of strangers for one line of a screen: what a terminal would obey is spelled out. */
export function plainText(text: string): string {
  return text.replace(UNFIT, spelled);
}

/** As above, with the line breaks and tabs it has: for stacks. */
export function plainLines(text: string): string {
  return text.replace(UNFIT_IN_LINES, spelled);
}

const NAMED = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function spelled(character: string): string {
  return NAMED.get(character) ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A message of an error, one that may quote a URL: its password is left out. */
export function withoutPasswords(text: string): string {
  return text.replace(/(\w+:\/\/[^\s:@/]*):\S*@/g, '$1:***@');
}
