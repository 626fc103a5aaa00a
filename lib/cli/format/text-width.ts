/*
 * How many cells of a terminal a text takes: none for marks that join the character before, two for the wide
 * characters of East Asia and for pictures. What terminals disagree about is counted as most of them do.
 */

const NO_CELL = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const TWO_CELLS =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]$/u;

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

function widthOf(character: string): number {
  if (NO_CELL.test(character)) return 0;
  return TWO_CELLS.test(character) ? 2 : 1;
}

export function textWidth(text: string): number {
  if (isAscii(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

/** Not wider than so many cells; what is left out is shown by `…`. */
export function cutToWidth(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width <= 0) return '';
  let cut = '';
  let left = width - 1;
  for (const character of text) {
    left -= widthOf(character);
    if (left < 0) break;
    cut += character;
  }
  return `${cut}…`;
}

export function padToWidth(text: string, width: number, side: 'left' | 'right'): string {
  const space = ' '.repeat(Math.max(width - textWidth(text), 0));
  return side === 'left' ? `${text}${space}` : `${space}${text}`;
}
