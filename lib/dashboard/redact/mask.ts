/** What stands in place of values that are not shown. */
export const MASK = '•••';

/** Whether the values of properties of this name are not shown. */
export type Hides = (name: string) => boolean;

/** JSON as text, with the mask for what is not shown. */
export const maskedText = (value: unknown, hides: Hides): string =>
  JSON.stringify(value, function (this: unknown, name, part: unknown) {
    return !Array.isArray(this) && hides(name) ? MASK : part;
  });
