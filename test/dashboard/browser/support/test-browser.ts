import { chromium as playwright, type Browser, type BrowserContextOptions } from 'playwright-core';
import { chromium } from '../../../support/chromium.mjs';
import { Visit } from './visit.js';

/** How long the first run of all may take: a browser may have to be fetched. */
export const BROWSER_START_MS = 600_000;

/** The browser of one spec file; each visit is a profile of its own. */
export class TestBrowser {
  private constructor(private readonly browser: Browser) {}

  static async start(args: string[] = []): Promise<TestBrowser> {
    const { file, env } = await chromium();
    const browser = await playwright.launch({
      executablePath: file,
      args,
      env: { ...process.env, ...env } as Record<string, string>,
    });
    return new TestBrowser(browser);
  }

  /** Goes to an address. */
  async visit(url: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 900 },
      // Nothing that moves: a click need not wait for it, and a screenshot shows its end.
      reducedMotion: 'reduce',
      ...options,
    });
    return Visit.to(context, url);
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}
