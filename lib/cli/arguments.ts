import { parseArgs, type ParseArgsConfig } from 'node:util';
import { CONNECTION_ARGUMENTS, CONNECTION_USAGE } from './connection-arguments.js';
import { UsageError } from './usage-error.js';

type OptionsConfig = NonNullable<ParseArgsConfig['options']>;

/** What every command understands. */
const COMMON_ARGUMENTS = {
  ...CONNECTION_ARGUMENTS,
  json: { type: 'boolean' },
} as const;

export const COMMON_USAGE = `  --json             one JSON document in place of text
${CONNECTION_USAGE}`;

type Parsed<Options extends OptionsConfig> = ReturnType<
  typeof parseArgs<{
    args: string[];
    options: Options & typeof COMMON_ARGUMENTS;
    allowPositionals: true;
  }>
>;

/**
 * The arguments of a command: its own options, those that all have, and words without a dash.
 *
 * @throws UsageError for an option that is given twice and counts once, and for an empty word, which names nothing; or
 *   an error of `parseArgs` that says what is not understood
 */
export function readArguments<const Options extends OptionsConfig>(
  args: readonly string[],
  options: Options,
): Parsed<Options> {
  const known: OptionsConfig = { ...options, ...COMMON_ARGUMENTS };
  const { tokens, ...parsed } = parseArgs({
    args: [...args],
    options: known,
    allowPositionals: true,
    tokens: true,
  });
  const given = tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : []));
  const twice = given.find((name, i) => !known[name]!.multiple && given.indexOf(name) < i);
  if (twice !== undefined) throw new UsageError(`--${twice} is given more than once.`);
  if (parsed.positionals.includes('')) throw new UsageError('An empty word is no id and no name.');
  return parsed as Parsed<Options>;
}

/** @throws UsageError */
export function noWords(words: readonly string[]): void {
  if (words.length > 0) throw new UsageError(`"${words[0]}" is one word too many.`);
}

/** @throws UsageError */
export function oneWord(words: readonly string[], what: string): string {
  const word = oneWordAtMost(words);
  if (word === undefined) throw new UsageError(`Say ${what}.`);
  return word;
}

/** @throws UsageError */
export function oneWordAtMost([word, ...others]: readonly string[]): string | undefined {
  noWords(others);
  return word;
}

/** @throws UsageError */
export function wholeNumberArgument(
  name: string,
  text: string | undefined,
  { min = 1, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {},
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`;
  throw new UsageError(`--${name} takes a whole number ${range}.`);
}
