import type { DataOptions } from '../handlers/data-options.js';

/** The part of a handler's options that belongs to the name: whoever adds jobs has to know it too. */
export interface JobTokenOptions<Input = unknown> extends DataOptions {
  /** Which jobs share the limits per key: see `key` of the handler options. */
  key?(data: Input): string | undefined;
}

/**
 * A job's name together with the types of its data and result, and with what belongs to them. It stands wherever a
 * name does. Made by `defineJob`.
 */
export class JobToken<Data = unknown, Result = unknown, Input = Data> {
  /** For the compiler alone: there is no such member. */
  declare protected readonly types: (input: Input) => { data: Data; result: Result };

  /** @internal made by `defineJob` */
  constructor(
    readonly name: string,
    // oxlint-disable-next-line typescript/no-explicit-any -- whoever asks for the key has its data
    readonly options: JobTokenOptions<any>,
  ) {
    Object.freeze(this);
  }

  toString(): string {
    return this.name;
  }
}
