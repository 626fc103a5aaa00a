import { InvalidHandlerError } from '../errors.js';

type Method = (...args: never[]) => unknown;

/**
 * The function under a decorator, and where it stands.
 *
 * @throws InvalidHandlerError on a getter, setter, property, static method, or symbol
 */
export function decoratedMethod(
  decorator: string,
  target: object,
  key: string | symbol | undefined,
  descriptor: PropertyDescriptor | undefined,
): { method: Method; place: string } {
  const isStatic = typeof target === 'function';
  const place = placeOf(target, key);
  const kind = typeof key === 'symbol' ? 'a symbol' : misplacement(isStatic, key, descriptor);
  if (kind !== undefined) {
    throw new InvalidHandlerError(
      place,
      `@${decorator} stands on ${kind}`,
      'Put it on a method of the class that is called on its instance.',
    );
  }
  return { method: descriptor!.value as Method, place };
}

/** `Class.member`, or the class where there is no member. */
export function placeOf(target: object, key: string | symbol | undefined): string {
  const owner = typeof target === 'function' ? target.name : target.constructor.name;
  return key === undefined ? owner : `${owner}.${String(key)}`;
}

/** @param descriptor - of a parameter its position, whatever the types of decorators say */
function misplacement(
  isStatic: boolean,
  key: string | undefined,
  descriptor: PropertyDescriptor | number | undefined,
): string | undefined {
  if (typeof descriptor === 'number') return 'a parameter';
  if (key === undefined) return 'a class';
  if (isStatic) return 'a static member';
  if (descriptor === undefined) return 'a property';
  if (!('value' in descriptor)) return 'an accessor (get or set)';
  return typeof descriptor.value === 'function' ? undefined : 'a property';
}
