/** JSON Schema as OpenAPI 3.1 has it. */
export type Schema = Readonly<Record<string, unknown>>;

export const text: Schema = { type: 'string' };
export const number: Schema = { type: 'number' };
export const count: Schema = { type: 'integer', minimum: 0 };
export const flag: Schema = { type: 'boolean' };
export const instant: Schema = { type: 'string', format: 'date-time' };
/** Any JSON. */
export const anything: Schema = {};

export const described = (schema: Schema, description: string): Schema => ({
  ...schema,
  description,
});

export const oneOf = (...words: readonly string[]): Schema => ({ type: 'string', enum: words });

export const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });

export const listOf = (items: Schema): Schema => ({ type: 'array', items });

export const mapOf = (values: Schema): Schema => ({
  type: 'object',
  additionalProperties: values,
});

/** One of those under their names in the document. */
export const named = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

type OptionalKey<T> = { [Key in keyof T]-?: undefined extends T[Key] ? Key : never }[keyof T];

/** The properties of a type of the API, no more and no fewer; those that may be left out are listed behind. */
export const objectOf = <T>(
  properties: { readonly [Key in keyof T]-?: Schema },
  optional: readonly OptionalKey<T>[] = [],
): Schema => {
  const required = Object.keys(properties).filter((key) => !optional.some((one) => one === key));
  return {
    type: 'object',
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
};
