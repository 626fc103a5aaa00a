import type { CommandIo } from '../command.js';

/** Colours of a terminal, or none. */
export type Style = (text: string, ...styles: readonly StyleName[]) => string;

export type StyleName = keyof typeof CODES;

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

const plain: Style = (text) => text;

const coloured: Style = (text, ...styles) =>
  styles.length === 0 || text === ''
    ? text
    : `\u001b[${styles.map((name) => CODES[name]).join(';')}m${text}\u001b[0m`;

/** None in files and pipes, and none with NO_COLOR. */
export function styleOf({ screen }: Pick<CommandIo, 'screen'>): Style {
  return screen?.hasColours ? coloured : plain;
}
