import {
  Controller,
  UseFilters,
  UseGuards,
  VERSION_NEUTRAL,
  type ExceptionFilter,
  type Type,
} from '@nestjs/common';
import { ChangeController } from './change/change.controller.js';
import { ChangeErrors } from './change/change-errors.js';
import type { DashboardGuard, ResolvedDashboardOptions } from './dashboard-options.js';
import { ErrorAnswers } from './error-answers.js';
import { ChangeLock } from './lock/change-lock.js';
import { PageController } from './page.controller.js';
import { ReadController } from './read/read.controller.js';

/** The controllers of one dashboard: path and guards are its own, and an application may have several of them. */
export interface DashboardControllers {
  readonly page: Type;
  readonly api: readonly Type[];
}

export function dashboardControllers({
  path,
  guards,
  changeGuards,
}: ResolvedDashboardOptions): DashboardControllers {
  const forChanges = [...guards, ChangeLock, ...changeGuards];
  return {
    // What goes wrong here is answered as the application answers: it may lead to where one logs in.
    page: controllerAt(path, guards, PageController),
    api: [
      apiController(path, guards, ReadController, ErrorAnswers),
      apiController(path, forChanges, ChangeController, ChangeErrors),
    ],
  };
}

function apiController(
  path: string,
  guards: readonly DashboardGuard[],
  Base: Type,
  errors: Type<ExceptionFilter>,
): Type {
  const Own = controllerAt(`${path}/api`, guards, Base);
  UseFilters(errors)(Own);
  return Own;
}

function controllerAt(path: string, guards: readonly DashboardGuard[], Base: Type): Type {
  const Own = { [Base.name]: class extends Base {} }[Base.name]!;
  Controller({ path: path === '' ? '/' : path, version: VERSION_NEUTRAL })(Own);
  UseGuards(...guards)(Own);
  return Own;
}
