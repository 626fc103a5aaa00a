/** The TypeScript of a page of the docs. */
export interface PageCode {
  /** The blocks whose first line is a comment with the name of a file. */
  readonly files: readonly { readonly name: string; readonly code: string }[];
  /** All others, one after the other. */
  readonly rest: string;
}

export function codeOf(page: string): PageCode {
  const files = page.matchAll(/```ts\n\/\/ (\S+\.ts)\n([^]*?)```/g);
  const blocks = page.matchAll(/```ts\n(?!\/\/ \S+\.ts\n)([^]*?)```/g);
  return {
    files: Array.from(files, ([, name, code]) => ({ name: name!, code: code! })),
    rest: Array.from(blocks, ([, code]) => code!).join(''),
  };
}
