import type { ExecutionContext, ParamData, PipeTransform, Type } from '@nestjs/common';

/*
 * What of Nest is no documented API, all in one place. Each line has a test that runs the real Nest.
 */

/** Under which decorators keep the enhancers of a class or method. */
export const ENHANCER_KEYS = {
  guards: '__guards__',
  pipes: '__pipes__',
  interceptors: '__interceptors__',
  filters: '__exceptionFilters__',
} as const;

/** Under which parameter decorators keep their facts, on the class that declares the method. */
export const ROUTE_ARGUMENTS = '__routeArguments__';

/** On a class for which Nest makes request-scoped global enhancers, as it does for controllers. */
export const ENTRY_PROVIDER = '__entryProvider__';

/** In the key of those that `createParamDecorator` makes. Such a position is no "body": `ValidationPipe` leaves it alone. */
export const CUSTOM_ARGUMENT = '__customRouteArgs__';

/** The type of a position that holds "the body": what `ValidationPipe` validates and transforms. */
export const BODY_TYPE = 3;

/** A pipe, or the class of one. */
export type Pipe = Type<PipeTransform> | PipeTransform;

/** What is kept of a parameter. */
export interface Argument {
  readonly index: number;
  readonly data?: ParamData | undefined;
  readonly pipes: readonly Pipe[];
  readonly factory?: (data: unknown, context: ExecutionContext) => unknown;
}

/** By type and position: `type:index`. */
export type Arguments = Readonly<Record<string, Argument>>;

/** Those that this very class declares; not those of a method that it overrides. */
export function argumentsOf(declaring: object, methodName: string | symbol): Arguments {
  return (Reflect.getOwnMetadata(ROUTE_ARGUMENTS, declaring, methodName) ?? {}) as Arguments;
}

/** Of the parameters as they are written; none where the compiler does not emit their types. */
export const parameterTypesOf = (prototype: object, methodName: string): readonly unknown[] =>
  (Reflect.getMetadata('design:paramtypes', prototype, methodName) as unknown[] | undefined) ?? [];
