import type { FindingOutcome } from './finding.js';
import type { Findings } from './findings.js';
import { keyFinding } from './key-findings.js';
import type { Pace } from './pace.js';
import type { RedisStore, Reply } from '../redis-store.js';
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

  /** @returns how many of the items were looked at */
  async ask(script: Script, args: readonly string[]): Promise<number> {
    const { channelName } = this.partition.options;
    const { messageHead } = this.partition;
    const mode = this.repairs ? 'repair' : 'look';
    let reply: Reply;
    try {
      reply = await this.pace.call(() =>
        this.partition.run(script, [channelName, messageHead, mode, ...args]),
      );
    } catch (error) {
      if (!/WRONGTYPE/.test(String(error))) throw error;
      // Which key that is the look at the forms of keys tells.
      this.note('not-looked-at', script.name, '', 'left');
      return args.length;
    }
    for (let i = HEAD; i < reply.length; i += WIDTH) {
      const [code, subject, detail, outcome] = reply.slice(i, i + WIDTH) as string[];
      this.note(code!, subject!, detail!, outcome as FindingOutcome);
    }
    return Number(reply[1]);
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
