import { ForbiddenException } from '@nestjs/common';
import type { ExternalContextCreator } from '@nestjs/core';
import type { Job } from '../../core/index.js';
import { InvalidHandlerError } from '../errors.js';
import type { Blame } from './blame.js';
import { changedCopy } from './changed-copy.js';
import type { Enhancers } from './enhancers.js';
import { endingByDone, type InterceptorsConsumer } from './ending-by-done.js';
import { UNPIPED } from './handler-parameters.js';
import { type FilterContext, jobFilters } from './job-filters.js';
import { lastValue } from './last-value.js';

/*
 * Nest's own creator of calls with enhancers, copied for one handler with a few of its parts put right for jobs:
 *
 *   metadata store   kept by handler: Nest 11 mixes up classes of one name, and methods that two libraries call
 *   guards, pipes    what they throw is remembered, since only their refusals end a job for good
 *   pipes            leave positions alone that hold the job
 *   parameters       once they are filled the method is called only if its attempt is still wanted
 *   classes          an enhancer that Nest does not make is an error; else the method would run without it
 *   filters          async ones can say nothing, and nothing is logged that the worker host will log
 *   interceptors     a method that calls `done` goes on until it does
 *   results          an observable without a value gives `undefined`
 *   'local'          none of the application's global enhancers
 *
 * None of these parts is documented API: one that is missing stops the application's start.
 */

type Method = (...args: never[]) => unknown;

/** The parts that are put right, as far as they are used here. */
interface Parts {
  readonly guardsContextCreator: ContextPart;
  readonly interceptorsContextCreator: ContextPart;
  readonly pipesContextCreator: ContextPart;
  readonly filtersContextCreator: ContextPart & FilterContext;
  readonly guardsConsumer: {
    tryActivate(...args: readonly unknown[]): Promise<boolean>;
  };
  readonly interceptorsConsumer: InterceptorsConsumer;
  readonly pipesConsumer: {
    apply(value: unknown, metadata: { type: unknown }, pipes: unknown): Promise<unknown>;
  };
  readonly handlerMetadataStorage: { get: Method; set: Method };
  readonly transformToResult: Method;
  /** What it answers fills the parameters of a call; with at least one there is something to fill. */
  createPipesFn(...args: never[]): FillParameters;
}

type FillParameters = (
  parameters: unknown[],
  ...call: readonly [data: unknown, job: Job, ...rest: unknown[]]
) => Promise<void>;

interface ContextPart {
  /** The application's, with its global enhancers. */
  readonly config?: unknown;
  readonly create: Method;
  /** Nest's record of an enhancer that is given by its class. */
  readonly getInstanceByMetatype: (metatype: { readonly name: string }) => unknown;
}

const CONTEXT_PARTS = [
  'guardsContextCreator',
  'interceptorsContextCreator',
  'pipesContextCreator',
  'filtersContextCreator',
] as const;

/** What a copy is made for. */
export interface CreatorPurpose {
  /** `Class.method` of the handler. */
  readonly place: string;
  readonly enhancers: Enhancers;
  /** Whether the method ends by calling `done`. */
  readonly takesDone: boolean;
  /** Is told what guards and pipes throw. */
  readonly blame: Blame;
}

/** @throws InvalidHandlerError when this version of Nest is made otherwise */
export function jobContextCreator(
  creator: ExternalContextCreator,
  { place, enhancers, takesDone, blame }: CreatorPurpose,
): ExternalContextCreator {
  const parts = creator as unknown as Parts;
  expectParts(parts, place);
  const contexts = Object.fromEntries(
    CONTEXT_PARTS.map((key) => {
      const own = enhancers === 'all' ? {} : { config: undefined };
      const part = changedCopy<ContextPart>(parts[key], own);
      return [key, enhancers === 'none' ? part : leavingOutNone(part, place)];
    }),
  ) as unknown as Pick<Parts, (typeof CONTEXT_PARTS)[number]>;
  const copy: ExternalContextCreator = changedCopy(creator, {
    ...contexts,
    filtersContextCreator: jobFilters(contexts.filtersContextCreator),
    guardsConsumer: watchedGuards(parts.guardsConsumer, blame),
    pipesConsumer: enhancers === 'none' ? NO_PIPES : watchedPipes(parts.pipesConsumer, blame),
    ...(takesDone && { interceptorsConsumer: endingByDone(parts.interceptorsConsumer) }),
    handlerMetadataStorage: metadataOfOne(),
    transformToResult: async (result: unknown) => lastValue(await result),
    createPipesFn: (...args: never[]): FillParameters => {
      const fill = parts.createPipesFn.apply(copy, args);
      return async (parameters, ...call) => {
        await fill(parameters, ...call);
        call[1].throwIfEnded();
      };
    },
  });
  return copy;
}

/** The same part, which does not keep silent about enhancers that Nest does not make. */
function leavingOutNone<Part extends ContextPart>(part: Part, place: string): Part {
  const find = part.getInstanceByMetatype;
  return Object.assign(part, {
    getInstanceByMetatype(this: Part, metatype: { readonly name: string }): unknown {
      const { name } = metatype;
      const found = find.call(this, metatype);
      if (found) return found;
      throw new InvalidHandlerError(
        place,
        `its ${name} would be left out, since Nest makes enhancers only for classes that it makes itself`,
        `Provide the class instead of a factory or a value, or give the decorator an instance: new ${name}(…).`,
      );
    },
  });
}

function watchedGuards(guards: Parts['guardsConsumer'], blame: Blame): Parts['guardsConsumer'] {
  return {
    tryActivate: (...args) =>
      blame.on('guard', async () => {
        if (await guards.tryActivate(...args)) return true;
        throw new ForbiddenException('Forbidden resource');
      }),
  };
}

function watchedPipes(pipes: Parts['pipesConsumer'], blame: Blame): Parts['pipesConsumer'] {
  return {
    apply: (value, metadata, list) =>
      metadata.type === UNPIPED
        ? Promise.resolve(value)
        : blame.on('pipe', () => pipes.apply(value, metadata, list)),
  };
}

const NO_PIPES: Parts['pipesConsumer'] = { apply: (value) => Promise.resolve(value) };

function metadataOfOne(): Parts['handlerMetadataStorage'] {
  let kept: unknown;
  return {
    get: () => kept,
    set: (_host: object, _key: string, metadata: unknown) => {
      kept = metadata;
    },
  };
}

function expectParts(parts: Parts, place: string): void {
  const isThere =
    CONTEXT_PARTS.every(
      (key) =>
        'config' in (parts[key] ?? {}) && typeof parts[key].getInstanceByMetatype === 'function',
    ) &&
    typeof parts.guardsConsumer?.tryActivate === 'function' &&
    typeof parts.interceptorsConsumer?.intercept === 'function' &&
    typeof parts.pipesConsumer?.apply === 'function' &&
    typeof parts.handlerMetadataStorage?.get === 'function' &&
    typeof parts.transformToResult === 'function' &&
    typeof parts.createPipesFn === 'function';
  if (isThere) return;
  throw new InvalidHandlerError(
    place,
    'it has enhancers or decorated parameters, and this version of Nest makes such calls otherwise than 11 and 12 do',
    "Set the option `enhancers` to 'none' and take the decorators off its parameters, or take a version of Nest that is supported.",
  );
}
