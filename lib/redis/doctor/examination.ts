import type { FindingOutcome } from './finding.js';
import type { Findings } from './findings.js';
import { keyFinding } from './key-findings.js';
import type { Pace } from './pace.js';
import { isScriptFault } from '../redis-errors.js';
import type { RedisStore } from '../redis-store.js';
import type { Script } from '../script.js';

/** Two numbers in front of the findings. */
const HEAD = 2;
const WIDTH = 4;
/** What many jobs tell of one thing. */
const TOLD_ONCE = new Set(['counter-behind', 'forgotten-use', 'unlisted-name']);

/** A look at the keys of one partition: how scripts are asked, and where goes what they find. */
export class Examination {
  /** Jobs that lie here and belong in another partition: given a place here they might run twice. */
  readonly strays = new Set<string>();
  private readonly told = new Set<string>();

  constructor(
    readonly whole: RedisStore,
    readonly partition: RedisStore,
    /** Which one it is. */
    readonly number: number,
    readonly findings: Findings,
    readonly pace: Pace,
    private readonly repairs: boolean,
  ) {}

  /**
   * Has a script look at items. Where it fails all of them are reported as not looked at.
   *
   * @param items - as the script takes each
   * @param head - what it takes in front of them
   * @returns how many of them it is done with
   */
  async ask(
    script: Script,
    items: readonly (readonly string[])[],
    head: readonly string[] = [],
  ): Promise<number> {
    const { channelName } = this.partition.options;
    const { messageHead } = this.partition;
    const mode = this.repairs ? 'repair' : 'look';
    const args = [channelName, messageHead, mode, ...head, ...items.flat()];
    const reply = await this.attempt(script, items, () => this.partition.run(script, args));
    if (!reply) return items.length;
    for (let i = HEAD; i < reply.length; i += WIDTH) {
      const [code, subject, detail, outcome] = reply.slice(i, i + WIDTH) as string[];
      this.note(code!, subject!, detail!, outcome as FindingOutcome);
    }
    return Number(reply[1]);
  }

  /** @returns nothing where the script fails: its items are reported as not looked at */
  async attempt<Answer>(
    script: Script,
    items: readonly (readonly string[])[],
    call: () => Promise<Answer>,
  ): Promise<Answer | undefined> {
    try {
      return await this.pace.call(call);
    } catch (error) {
      this.noteFailure(script, items, error);
      return undefined;
    }
  }

  private noteFailure(script: Script, items: readonly (readonly string[])[], error: unknown): void {
    if (/WRONGTYPE/.test(String(error))) {
      // Which key that is the look at the forms of keys tells.
      this.note('not-looked-at', script.name, '', 'left');
    } else if (isScriptFault(error)) {
      const stretch = `${items.length} from ${JSON.stringify(items[0]?.[0] ?? '')} on`;
      this.note('failed-look', script.name, `${stretch}: ${error.message}`, 'left');
    } else {
      throw error;
    }
  }

  note(code: string, subject: string, detail: string, outcome: FindingOutcome): void {
    if (TOLD_ONCE.has(code)) {
      const thing = `${code} ${subject}`;
      if (this.told.has(thing)) return;
      this.told.add(thing);
    }
    const several = this.whole.partitions.length > 1;
    const partition = several ? this.number : undefined;
    this.findings.add(keyFinding(code, subject, detail, outcome, partition));
  }
}
