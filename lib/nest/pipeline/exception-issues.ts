import type { HttpException, ValidationError } from '@nestjs/common';
import type { DataIssue } from '../../core/index.js';

/**
 * What an HTTP exception says is wrong: the messages of its response, be they texts, as `ValidationPipe` gives them, or
 * the errors of class-validator, as its `exceptionFactory` may.
 */
export function issuesOf(exception: HttpException): DataIssue[] {
  const response = exception.getResponse();
  const said: unknown = typeof response === 'string' ? response : Object(response).message;
  const list: unknown[] = Array.isArray(said) ? said : [said];
  const issues = list.flatMap((one) => issuesIn(one));
  return issues.length > 0 ? issues : [{ path: '', message: exception.message }];
}

function issuesIn(said: unknown, above = ''): DataIssue[] {
  if (typeof said === 'string') return said === '' ? [] : [{ path: '', message: said }];
  if (typeof said !== 'object' || said === null) return [];
  const { property, constraints = {}, children = [] } = said as Partial<ValidationError>;
  if (typeof property !== 'string') return [];
  const path = pathOf(above, property);
  const own = Object.values(constraints).map((message) => ({ path, message }));
  return [...own, ...children.flatMap((child) => issuesIn(child, path))];
}

function pathOf(above: string, property: string): string {
  if (above === '') return property;
  return /^\d+$/.test(property) ? `${above}[${property}]` : `${above}.${property}`;
}
