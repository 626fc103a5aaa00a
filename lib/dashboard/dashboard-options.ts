import type { CanActivate, ModuleMetadata, Type } from '@nestjs/common';
import { checkKnownKeys, InvalidOptionError } from '../core/index.js';
import { trueOrFalse } from '../core/options/checks.js';
import { checkInstance } from '../nest/agenda-redis.options.js';
import { DEFAULT_INSTANCE } from '../nest/tokens.js';
import type { AuditEntry } from './api/index.js';

/** A guard of Nest: its class, which Nest makes, or one that is made already. */
export type DashboardGuard = Type<CanActivate> | CanActivate;

/** Either `guards` or `public: true` must be said: nobody shall find that the door was open all along. */
export interface AgendaDashboardOptions {
  /** Where the page is, below the global prefix of the application, if it has one. @default '/jobs' */
  path?: string;
  /** Who may look: asked before everything else, in this order, and all of them must agree. */
  guards?: readonly DashboardGuard[];
  /** Who may change something: asked for changes, after `guards`. @default whoever may look */
  changeGuards?: readonly DashboardGuard[];
  /** Modules whose providers the guards need, unless they are global. @default none */
  imports?: ModuleMetadata['imports'];
  /** Whether everybody who reaches the application may look and change. @default false */
  public?: boolean;
  /** Whether changes are refused, whoever asks for them. @default false */
  readOnly?: boolean;
  /**
   * Names of properties whose values are never shown, such as `['password', 'token']`: at any depth of data, results,
   * progress and context, in capitals or not.
   *
   * @default none
   */
  redact?: readonly string[];
  /**
   * Told of each change, whether it succeeded or not. What it throws is logged, and disturbs nothing.
   *
   * @default a line of Nest's `Logger`
   */
  audit?: (entry: AuditEntry) => void;
  /** The instance of `AgendaRedisModule` that is shown. @default 'default' */
  instance?: string;
}

export interface ResolvedDashboardOptions {
  /** With a slash at the beginning, and none at the end; empty for the root. */
  readonly path: string;
  readonly guards: readonly DashboardGuard[];
  readonly changeGuards: readonly DashboardGuard[];
  readonly imports: NonNullable<ModuleMetadata['imports']>;
  readonly readOnly: boolean;
  readonly redact: readonly string[];
  readonly audit: ((entry: AuditEntry) => void) | undefined;
  readonly instance: string;
}

const KEYS: readonly (keyof AgendaDashboardOptions)[] = [
  'path',
  'guards',
  'changeGuards',
  'imports',
  'public',
  'readOnly',
  'redact',
  'audit',
  'instance',
];

/** @throws InvalidOptionError */
export function resolveDashboardOptions(options: AgendaDashboardOptions): ResolvedDashboardOptions {
  checkKnownKeys('', options, KEYS);
  const { audit, imports = [], instance = DEFAULT_INSTANCE } = options;
  checkInstance(instance);
  if (!Array.isArray(imports))
    throw new InvalidOptionError('imports', imports, 'a list of modules');
  if (audit !== undefined && typeof audit !== 'function') {
    throw new InvalidOptionError('audit', audit, 'a function');
  }
  return {
    path: pathOf(options.path ?? '/jobs'),
    guards: guardsOf(options),
    changeGuards: guardList('changeGuards', options.changeGuards ?? []),
    imports,
    readOnly: trueOrFalse('readOnly', options.readOnly ?? false),
    redact: redactedNames(options.redact ?? []),
    audit,
    instance,
  };
}

function guardsOf(options: AgendaDashboardOptions): readonly DashboardGuard[] {
  const isPublic = trueOrFalse('public', options.public ?? false);
  const { guards } = options;
  if (isPublic && guards !== undefined) {
    throw new InvalidOptionError('public', true, 'left out where there are `guards`');
  }
  if (isPublic) return [];
  const list = guards === undefined ? [] : guardList('guards', guards);
  if (list.length > 0) return list;
  const expected =
    'a list of the guards that say who may see and change jobs, such as `guards: [AdminGuard]`; ' +
    'or left out beside `public: true`, where everybody may who reaches the application';
  throw new InvalidOptionError('guards', guards, expected);
}

function guardList(option: string, guards: unknown): readonly DashboardGuard[] {
  if (Array.isArray(guards) && guards.every(isGuard)) return [...guards];
  throw new InvalidOptionError(option, guards, 'a list of guards: classes or instances');
}

const isGuard = (guard: unknown): guard is DashboardGuard =>
  typeof guard === 'function'
    ? typeof (guard.prototype as Partial<CanActivate> | undefined)?.canActivate === 'function'
    : typeof (guard as Partial<CanActivate> | null)?.canActivate === 'function';

/** Characters with which no route of Nest begins to mean something else. */
const PATH = /^(?:\/[\w.~-]+)*\/?$/;

function pathOf(path: unknown): string {
  if (typeof path === 'string') {
    const whole = path.startsWith('/') ? path : `/${path}`;
    const segments = whole.split('/');
    if (PATH.test(whole) && !segments.includes('.') && !segments.includes('..')) {
      return whole.replace(/\/$/, '');
    }
  }
  const expected = "a path of letters, digits, `-`, `_`, `.` and `~`, such as '/admin/jobs'";
  throw new InvalidOptionError('path', path, expected);
}

function redactedNames(names: unknown): readonly string[] {
  const isName = (name: unknown) => typeof name === 'string' && name !== '';
  if (Array.isArray(names) && names.every(isName)) return [...(names as string[])];
  throw new InvalidOptionError('redact', names, "a list of names of properties: ['password']");
}
