export type JsonKind = 'object' | 'list' | 'text' | 'number' | 'truth' | 'null';

/** A property of an object or an item of a list. */
export interface JsonChild {
  readonly key: string;
  readonly value: unknown;
}

const LONGEST_PREVIEW = 60;

export function kindOf(value: unknown): JsonKind {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object') return 'object';
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' ? 'number' : 'truth';
}

/** What stands in an object or a list, in its order; nothing for any other value. */
export function childrenOf(value: unknown): JsonChild[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value))
    return value.map((item, index) => ({ key: String(index), value: item }));
  return Object.entries(value).map(([key, child]) => ({ key, value: child as unknown }));
}

/** What a closed object or list holds, in a line. */
export function previewOf(value: unknown): string {
  const children = childrenOf(value);
  const isList = Array.isArray(value);
  const [opening, closing] = isList ? ['[', ']'] : ['{', '}'];
  if (children.length === 0) return `${opening}${closing}`;
  const parts: string[] = [];
  let length = 0;
  for (const child of children) {
    const part = isList ? briefly(child.value) : `${child.key}: ${briefly(child.value)}`;
    length += part.length + 2;
    if (length > LONGEST_PREVIEW) break;
    parts.push(part);
  }
  const rest = children.length - parts.length;
  if (rest > 0) parts.push(parts.length === 0 ? countOf(rest, isList) : `… ${rest} more`);
  return `${opening} ${parts.join(', ')} ${closing}`;
}

function countOf(count: number, isList: boolean): string {
  const noun = isList ? ['item', 'items'] : ['property', 'properties'];
  return `${count} ${count === 1 ? noun[0] : noun[1]}`;
}

function briefly(value: unknown): string {
  const kind = kindOf(value);
  if (kind === 'object') return childrenOf(value).length === 0 ? '{}' : '{…}';
  if (kind === 'list') return childrenOf(value).length === 0 ? '[]' : '[…]';
  if (kind !== 'text') return JSON.stringify(value ?? null);
  const text = value as string;
  return JSON.stringify(text.length > 24 ? `${text.slice(0, 24)}…` : text);
}

/** How a value is given to a person to edit; nothing for none. */
export function editableOf(value: unknown): string {
  return value === null || value === undefined ? '' : JSON.stringify(value, null, 2);
}
