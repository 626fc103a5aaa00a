/** What was written into the search of jobs: one line, so that it can be typed in one go. */
export type Search =
  | { readonly kind: 'none' }
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'tags'; readonly tags: readonly string[] }
  | { readonly kind: 'data'; readonly data: string; readonly tags: readonly string[] }
  /** It is not finished, or means nothing: `hint` says what would. */
  | { readonly kind: 'unclear'; readonly hint: string };

const TAG = /^tag:(?:"([^"]*)"|(\S*))\s*/;

/** `tag:eu tag:"new customers"`, then perhaps JSON; or an id. */
export function searchOf(text: string): Search {
  let rest = text.trim();
  const tags: string[] = [];
  for (let tag = TAG.exec(rest); tag !== null; tag = TAG.exec(rest)) {
    const name = tag[1] ?? tag[2]!;
    if (name === '') return unclear('Write a tag behind `tag:`, such as tag:eu.');
    tags.push(name);
    rest = rest.slice(tag[0].length);
  }
  if (rest === '') return tags.length > 0 ? { kind: 'tags', tags } : { kind: 'none' };
  if (/^[{[]/.test(rest)) return dataSearch(rest, tags);
  if (tags.length > 0)
    return unclear('Beside tags there may be JSON, such as tag:eu {"userId": 7}.');
  return { kind: 'id', id: rest };
}

/** What finds the jobs with a tag when it is written into the search. */
export function searchForTag(tag: string): string {
  return /\s/.test(tag) ? `tag:"${tag}"` : `tag:${tag}`;
}

function dataSearch(text: string, tags: readonly string[]): Search {
  try {
    return { kind: 'data', data: JSON.stringify(JSON.parse(text)), tags };
  } catch {
    return unclear(
      'This is no JSON yet. It finds jobs whose data contains it, such as {"userId": 7}.',
    );
  }
}

function unclear(hint: string): Search {
  return { kind: 'unclear', hint };
}
