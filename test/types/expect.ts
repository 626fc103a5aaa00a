/** Exactly the same type: neither wider nor narrower, and not `any`. */
export type Equal<One, Other> =
  (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;

/** Compiles when the value is exactly of this type: `expectType<string>()(value)`. */
export const expectType =
  <Expected>() =>
  <Actual>(
    _value: Actual,
    ..._same: Equal<Actual, Expected> extends true ? [] : [never]
  ): void => {};
