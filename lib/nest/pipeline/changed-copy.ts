/** A shallow copy of a part of Nest, with some members of its own. */
export function changedCopy<T extends object>(original: T, members: object): T {
  const copy = Object.create(Object.getPrototypeOf(original) as object) as T;
  return Object.assign(copy, original, members);
}
