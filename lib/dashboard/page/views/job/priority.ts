/** A priority as a person writes it: a whole number; undefined when nothing was written. */
export function readPriority(text: string): { value: number | undefined } | { error: string } {
  const written = text.trim().replace('−', '-');
  if (written === '') return { value: undefined };
  if (/^-?\d{1,15}$/.test(written)) return { value: Number(written) };
  return { error: 'Expected a whole number, such as 10 or -5.' };
}
