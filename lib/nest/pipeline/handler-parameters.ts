import type { ExecutionContext, ParamData } from '@nestjs/common';
import { DATA_POSITION, JOB_POSITION } from '../decorators/job-parameters.js';
import { lineage, ownFunction } from '../discovery/prototypes.js';
import { InvalidHandlerError } from '../errors.js';
import type { DonePlace } from './ending-by-done.js';
import type { HandlerMethod } from './handler-method.js';
import {
  type Argument,
  type Arguments,
  argumentsOf,
  BODY_TYPE,
  CUSTOM_ARGUMENT,
  parameterTypesOf,
} from './pins.js';

/*
 * What each parameter of a handler gets. Nest fills either all positions by their metadata or none: so that the whole is
 * known to it under one key of our own, it is completed here.
 *
 *   @JobData()                      the data, as Nest's "body": pipes validate and transform it
 *   createParamDecorator(…)         what that decorator makes of the execution context, after pipes
 *   @JobRef(), or no decorator      the job itself; no pipe sees it
 *   the second of two, neither      `done`; no pipe sees it
 *   of which has a decorator
 */

/** The key under which Nest finds the completed positions. */
export const PARAMETERS_KEY = 'agenda-redis:parameters';

/** The type of positions that pipes leave alone. */
export const UNPIPED = JOB_POSITION;

export class HandlerParameters {
  private readonly decorated: Arguments;

  /** @throws InvalidHandlerError naming class and method */
  constructor(private readonly handler: HandlerMethod) {
    this.decorated = decoratedArguments(handler);
  }

  get isDecorated(): boolean {
    return Object.keys(this.decorated).length > 0;
  }

  /** Whether the method ends its job by calling `done`. */
  get takesDone(): boolean {
    return this.handler.method.length === 2 && !this.isDecorated;
  }

  /** Whether a position is there that pipes see. */
  get isPiped(): boolean {
    return Object.keys(this.decorated).some((key) => !key.startsWith(UNPIPED));
  }

  /** Makes all positions known to Nest. */
  complete(): void {
    const { method, methodName, prototype } = this.handler;
    const given = Object.values(this.decorated).map(({ index }) => index);
    // A decorator may have put a function around it that declares none; the first one gets the job all the same.
    const declared = Math.max(1, method.length, parameterTypesOf(prototype, methodName).length);
    const count = Math.max(declared, ...given.map((index) => index + 1));
    const all: Record<string, Argument> = { ...this.decorated };
    for (let index = 0; index < count; index++) {
      if (given.includes(index)) continue;
      all[`${UNPIPED}:${index}`] =
        this.takesDone && index === 1 ? unpiped(index, theDone) : unpiped(index, theJob);
    }
    Reflect.defineMetadata(PARAMETERS_KEY, all, prototype.constructor, methodName);
  }
}

/** What Nest asks for at a position of type "body": the data, or the property of it that was asked for. */
export const JOB_DATA = {
  exchangeKeyForValue: (_type: number, property: ParamData, [data]: readonly unknown[]): unknown =>
    typeof property === 'string' ? (data as Record<string, unknown> | null)?.[property] : data,
};

function decoratedArguments(handler: HandlerMethod): Arguments {
  const { methodName, place } = handler;
  const kept = Object.entries(argumentsOf(declaringClass(handler), methodName));
  const completed = kept.map(([key, argument]) => completedArgument(key, argument, place));
  refuseTwiceDecorated(completed, place);
  return Object.fromEntries(completed);
}

/** Its decorators kept their facts there; a method that it overrides had others. */
function declaringClass({ prototype, method, methodName }: HandlerMethod): object {
  const declaring = lineage(prototype).find((one) => ownFunction(one, methodName) === method);
  return (declaring ?? prototype).constructor;
}

function completedArgument(key: string, argument: Argument, place: string): [string, Argument] {
  const { index } = argument;
  if (key.startsWith(DATA_POSITION)) return [`${BODY_TYPE}:${index}`, argument];
  if (key.startsWith(JOB_POSITION)) return [key, unpiped(index, theJob)];
  if (key.includes(CUSTOM_ARGUMENT)) return [key, argument];
  throw new InvalidHandlerError(
    place,
    `parameter ${index + 1} has a decorator of another transport, such as @Body, @Payload or @Args`,
    'Take @JobData() for the data, @JobRef() for the job, or a decorator made with createParamDecorator.',
  );
}

function unpiped(index: number, take: (context: ExecutionContext) => unknown): Argument {
  return { index, pipes: [], factory: (_, context) => take(context) };
}

const theJob = (context: ExecutionContext): unknown => context.getArgByIndex(1);
const theDone = (context: ExecutionContext): unknown => context.getArgByIndex<DonePlace>(2).done;

function refuseTwiceDecorated(
  parameters: readonly (readonly [string, Argument])[],
  place: string,
): void {
  const indexes = parameters.map(([, { index }]) => index);
  const twice = indexes.find((index, position) => indexes.indexOf(index) !== position);
  if (twice === undefined) return;
  throw new InvalidHandlerError(
    place,
    `parameter ${twice + 1} has two decorators that say what it gets`,
    'Keep one of them.',
  );
}
