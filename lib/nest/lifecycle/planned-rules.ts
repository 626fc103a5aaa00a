import { InvalidOptionError, type EveryOptions as ScheduleOptions } from '../../core/index.js';
import { compileRepeatRule } from '../../core/schedule/compile-repeat-rule.js';
import { checkEveryOptions } from '../../core/scheduler/recurring.js';
import type { EveryMetadata } from '../decorators/every.decorator.js';
import type { FoundHandler } from '../discovery/handler-explorer.js';
import type { EveryOverride, HandlerOverrides } from '../handler-overrides.js';
import { atSource } from './sourced-error.js';

/** A rule of `@Every` as this process registers it. */
export interface PlannedRule extends EveryMetadata {
  readonly jobName: string;
  /** `Class.method`. */
  readonly place: string;
  /** Where the rule was written, for messages. */
  readonly source: string;
}

type Handler = Pick<FoundHandler, 'name' | 'place' | 'rules'>;

/**
 * The rules of a handler, with what configuration says of them.
 *
 * @throws InvalidScheduleError naming the method or the option, for a rule that is not understood
 * @throws InvalidOptionError for an override that means no rule of the handler
 */
export function plannedRules(handler: Handler, override: HandlerOverrides['every']): PlannedRule[] {
  const rules = overridden(handler, override);
  for (const rule of rules) {
    atSource(rule.source, () => {
      checkEveryOptions(optionsOf(rule));
      compileRepeatRule(timesOf(rule), handler.name);
    });
  }
  return rules;
}

function overridden(handler: Handler, override: HandlerOverrides['every']): PlannedRule[] {
  const { name: jobName, place } = handler;
  const written = handler.rules.map((rule) => {
    return { ...rule, jobName, place, source: `@Every of ${place}` };
  });
  if (override === undefined) return written;
  const source = `handlers.${jobName}.every`;
  if (written.length === 0) {
    throw new InvalidOptionError(source, override, `left out, since ${place} has no @Every`);
  }
  if (override === false) return [];
  const change = typeof override === 'object' ? override : { interval: override };
  const meant = ruleOf(handler, change, source);
  const { interval = meant.interval, ...options } = change;
  return written.map((rule) => {
    if (rule.options !== meant.options) return rule;
    return { ...rule, interval, options: { ...rule.options, ...options }, source };
  });
}

/** Which of its rules is to be changed. */
function ruleOf({ rules, place }: Handler, change: EveryOverride, source: string): EveryMetadata {
  const keys = rules.map(({ options }) => options.key);
  const only = change.key === undefined && rules.length === 1 ? rules[0] : undefined;
  const meant = only ?? rules.find(({ options }) => options.key === change.key);
  if (meant && (only || change.key !== undefined)) return meant;
  const known = keys.filter((key) => key !== undefined).join(', ') || 'none';
  const expected = `the \`key\` of one of the rules of ${place} (known: ${known})`;
  throw new InvalidOptionError(`${source}.key`, change.key, expected);
}

/** What `every` takes beside the data. */
export function optionsOf(rule: EveryMetadata): ScheduleOptions {
  const { data: _, ...options } = rule.options;
  return options;
}

/** What of a rule can be checked before there is a clock to check it with. */
function timesOf({ interval, options: { timezone, skipDays, catchUp } }: EveryMetadata) {
  return { interval, timezone, skipDays, catchUp };
}
