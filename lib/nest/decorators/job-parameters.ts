import { InvalidHandlerError } from '../errors.js';
import {
  type Argument,
  argumentsOf,
  CUSTOM_ARGUMENT,
  type Pipe,
  ROUTE_ARGUMENTS,
} from '../pipeline/pins.js';
import { placeOf } from './decorated-method.js';

/** The types of the positions that the decorators here mark; Nest's scanner finds their pipes, and gives them what they inject. */
export const DATA_POSITION = `agendaRedisData${CUSTOM_ARGUMENT}`;
export const JOB_POSITION = `agendaRedisJob${CUSTOM_ARGUMENT}`;

/**
 * Gives a handler's parameter the data of the job, or one property of it. It goes through pipes first: those of the
 * class and the method, then those given here. The class it is declared with is the one that a `ValidationPipe`
 * validates and makes of it.
 *
 * @throws InvalidHandlerError where it is written, on anything but a parameter of an instance method
 *
 * @example
 * @JobHandler('send-welcome')
 * send(@JobData() { userId }: SendWelcome, job: Job) { … }
 *
 * @JobHandler('resize')
 * resize(@JobData('width', ParseIntPipe) width: number) { … }
 */
export function JobData(...pipes: readonly Pipe[]): ParameterDecorator;
export function JobData(property: string, ...pipes: readonly Pipe[]): ParameterDecorator;
export function JobData(...given: readonly (string | Pipe)[]): ParameterDecorator {
  const [first, ...rest] = given;
  const property = typeof first === 'string' ? first : undefined;
  const pipes = property === undefined ? given : rest;
  return (target, methodName, index) => {
    const place = parameterPlace('JobData', target, methodName);
    for (const pipe of pipes) {
      if (isPipe(pipe)) continue;
      throw new InvalidHandlerError(
        place,
        '@JobData is given something that is neither a pipe nor the class of one',
        "Write @JobData(), @JobData('property'), or either with pipes after it.",
      );
    }
    remember(target, methodName!, DATA_POSITION, {
      index,
      data: property,
      pipes: pipes as readonly Pipe[],
    });
  };
}

/**
 * Gives a handler's parameter the `Job` itself. Parameters without a decorator get it too; this one says so.
 *
 * @throws InvalidHandlerError where it is written, on anything but a parameter of an instance method
 */
export function JobRef(): ParameterDecorator {
  return (target, methodName, index) => {
    parameterPlace('JobRef', target, methodName);
    remember(target, methodName!, JOB_POSITION, { index, pipes: [] });
  };
}

function remember(target: object, methodName: string | symbol, type: string, what: Argument): void {
  const { constructor } = target;
  const others = argumentsOf(constructor, methodName);
  const all = { ...others, [`${type}:${what.index}`]: what };
  Reflect.defineMetadata(ROUTE_ARGUMENTS, all, constructor, methodName);
}

/** Of its method. @throws InvalidHandlerError */
function parameterPlace(
  decorator: string,
  target: object,
  methodName: string | symbol | undefined,
): string {
  const place = placeOf(target, methodName);
  if (methodName !== undefined && typeof target !== 'function') return place;
  throw new InvalidHandlerError(
    place,
    `@${decorator} stands on a parameter of ${methodName === undefined ? 'a constructor' : 'a static method'}`,
    'It is for parameters of @JobHandler methods; what is injected cannot be a job.',
  );
}

function isPipe(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return 'transform' in value;
  return typeof value === 'function' && typeof value.prototype === 'object';
}
