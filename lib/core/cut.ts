/** The beginning of a text that has no more bytes of UTF-8 than that. */
export function cutToBytes(text: string, most: number): string {
  if (text.length * 3 <= most) return text;
  // A unit of a text is a byte or more: what lies behind so many is never kept, however long it is.
  const beginning = text.slice(0, most);
  const bytes = Buffer.from(beginning);
  if (bytes.length <= most) return beginning;
  // A character that was cut in two is dropped.
  return bytes.toString('utf8', 0, most).replace(/\uFFFD+$/, '');
}
