/*
 * Errors of drivers and handlers may quote what they were called with. Passwords are known by where they stand:
 * in a URL, behind a word that says so, or among the arguments that Redis repeats of a command it does not know.
 */
const IN_URL = /(:\/\/[^\s:@/'"]*):[^\s/'"]+@/g;
const BEHIND_ITS_NAME =
  /(\b\w*(?:password|passwd|secret)\b\\?['"]?\s*[:=]\s*)(?:(\\?["'`])(?:(?!\2)(?:\\.|[^\\\n]))*(\2?)|[^\s'",;&}]+)/gi;
const ARGUMENTS = /(with args beginning with:).*/gi;

/** A text without the passwords that can be told as such. In time that grows with its length alone. */
export const withoutSecrets = (text: string): string =>
  text
    .replace(IN_URL, '$1:***@')
    .replace(BEHIND_ITS_NAME, '$1$2***$3')
    .replace(ARGUMENTS, '$1 ***');
