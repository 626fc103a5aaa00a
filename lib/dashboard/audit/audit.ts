import { Inject, Injectable, Logger } from '@nestjs/common';
import { withoutSecrets } from '../../nest/without-secrets.js';
import type { AuditEntry } from '../api/index.js';
import type { ResolvedDashboardOptions } from '../dashboard-options.js';
import { DASHBOARD_OPTIONS } from '../tokens.js';
import { userName } from './user-name.js';

/** Tells of changes: to the option `audit`, or else to the log. What goes wrong there changes nothing about the change. */
@Injectable()
export class Audit {
  private readonly logger = new Logger('AgendaDashboard');

  constructor(
    @Inject(DASHBOARD_OPTIONS)
    private readonly options: Pick<ResolvedDashboardOptions, 'audit' | 'instance'>,
  ) {}

  tell(told: Omit<AuditEntry, 'at' | 'instance'>): void {
    const { audit, instance } = this.options;
    const entry: AuditEntry = { at: new Date(), instance, ...told };
    if (!audit) return this.write(entry);
    try {
      // Typed as one that answers nothing, and given async functions all the same.
      void Promise.resolve(audit(entry) as unknown).catch((error: unknown) =>
        this.failed(error, entry),
      );
    } catch (error) {
      this.failed(error, entry);
    }
  }

  /** What nobody has written down elsewhere, the log has at least. */
  private failed(error: unknown, entry: AuditEntry): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.logger.error(escaped(withoutSecrets(`The option \`audit\` has failed: ${reason}`)));
    this.write(entry);
  }

  private write(entry: AuditEntry): void {
    const line = escaped(lineOf(entry));
    if (entry.outcome === 'failed') this.logger.error(line);
    else if (entry.outcome === 'refused') this.logger.warn(line);
    else this.logger.log(line);
  }
}

const MOST_TARGETS = 10;

function lineOf({
  action,
  user,
  targets,
  outcome,
  changed,
  message,
  instance,
}: AuditEntry): string {
  const shown = targets.slice(0, MOST_TARGETS).join(', ');
  const untold = targets.length - MOST_TARGETS;
  const on = shown === '' ? '' : ` of ${shown}${untold > 0 ? ` and ${untold} more` : ''}`;
  const who = userName(user) ?? 'somebody';
  const result = changed > 0 || message === undefined ? `, ${changed} changed` : '';
  const why = message === undefined ? '' : `: ${message}`;
  return `${action}${on} by ${who} (${instance}): ${outcome}${result}${why}`;
}

/** A name of a job or a user must not write a line of its own. */
const escaped = (line: string): string =>
  line.replace(
    /[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
