/** The beginning of a text that has no more bytes of UTF-8 than that. */
export function cutToBytes(text: string, most: number): string {
  if (text.length * 3 <= most) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  // A character that was cut in two is dropped.
  return bytes.toString('utf8', 0, most).replace(/\uFFFD+$/, '');
}
