import type { CommandIo } from '../command.js';

/** The answer as one JSON document: what is not there is `null`, instants are ISO 8601. */
export function printJson(io: Pick<CommandIo, 'print'>, document: unknown): void {
  io.print(jsonText(document, 2));
}

/** JSON itself spells out only the older control characters; here all are that a terminal would obey. */
export function jsonText(document: unknown, indent?: number): string {
  return JSON.stringify(document, undefined, indent).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
