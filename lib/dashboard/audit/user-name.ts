/** Under which of these a guard has most likely put what people call a user; the first one that is a text counts. */
const WORDS = ['username', 'name', 'displayName', 'email', 'login', 'sub', 'id'];
const MOST_CHARACTERS = 256;

/** What to call the user that a guard has left in the request; undefined when it left none, or none with a name. */
export function userName(user: unknown): string | undefined {
  if (typeof user === 'object' && user !== null) {
    const parts = user as Readonly<Record<string, unknown>>;
    return WORDS.map((word) => nameOf(parts[word])).find((name) => name !== undefined);
  }
  return nameOf(user);
}

function nameOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value.slice(0, MOST_CHARACTERS) : undefined;
}
