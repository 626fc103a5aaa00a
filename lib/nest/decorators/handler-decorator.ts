import type { Observable } from 'rxjs';
import type { HandledData, Returned, Typed } from '../../core/job/typed-names.js';
import type { DataOf, Job, JobVerdict, ResultOf } from '../../core/index.js';

/**
 * Decorates what handles the jobs of a name. Where the name has types, the method's own have to fit: each parameter
 * that is a `Job` has the data of the name, and what the method returns is the result of the name. Other parameters
 * are filled by decorators of their own, and are not looked at. (For `applyDecorators` of Nest, which takes
 * decorators of any method alone, it is one `as MethodDecorator`.)
 */
export type HandlerDecorator<Name> = [Typed<Name>] extends [never]
  ? unknown extends ResultOf<Name>
    ? MethodDecorator
    : FittingDecorator<Name>
  : FittingDecorator<Name>;

/** An interface, so that declarations that a compiler makes of a decorator of one's own can name it. */
export interface FittingDecorator<Name> {
  <Method extends AnyMethod>(
    target: object,
    key: string | symbol,
    descriptor: Fitting<Name, Method>,
  ): void;
}

// oxlint-disable-next-line typescript/no-explicit-any -- of whatever types
type AnyMethod = (...args: any[]) => unknown;

type Fitting<Name, Method extends AnyMethod> = [OtherJobs<Name, Parameters<Method>>] extends [never]
  ? ReturnType<Method> extends Returned<ResultOf<Name>> | Observable<ResultOf<Name> | JobVerdict>
    ? TypedPropertyDescriptor<Method>
    : Misfit<'The method returns something else than the result of this name', ResultOf<Name>>
  : Misfit<'The Job has other data than jobs of this name', DataOf<Name>>;

// oxlint-disable-next-line typescript/no-explicit-any -- a name with a result alone has any data
type JobFor<Name> = Job<HandledData<Name, any>, ResultOf<Name>>;

/** The parameters that are jobs, but not of this name. */
type OtherJobs<Name, Parameters extends unknown[]> = {
  [Position in keyof Parameters]-?: OtherJob<Name, Parameters[Position]>;
}[number];

// oxlint-disable-next-line typescript/no-explicit-any -- of whatever types
type OtherJob<Name, Parameter> = [Extract<Parameter, Job<any, any>>] extends [never]
  ? never
  : JobFor<Name> extends Parameter
    ? never
    : Parameter;

/** Shown by the compiler: nothing is one. */
interface Misfit<Problem extends string, Expected> {
  readonly problem: Problem;
  readonly expected: Expected;
}
