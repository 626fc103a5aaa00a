import type { BrowserContext, Locator, Page } from 'playwright-core';

/** Nothing the page does takes longer, unless it never comes. */
const PATIENCE_MS = 8_000;

/** Runs in the page before everything else. */
const REPORTS_VIOLATIONS = `
  document.addEventListener('securitypolicyviolation', (event) => {
    reportViolation(event.violatedDirective + ' ' + event.blockedURI);
  });
`;

/** Someone who looks at a dashboard, and writes down whatever goes wrong. */
export class Visit {
  /** Console errors and warnings, thrown errors, dialogs, violations of the policy, requests to elsewhere. */
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    private url: string,
  ) {}

  static async to(context: BrowserContext, url: string): Promise<Visit> {
    context.setDefaultTimeout(PATIENCE_MS);
    const visit = new Visit(await context.newPage(), url);
    await visit.listen();
    await visit.page.goto(url);
    return visit;
  }

  /** Shows a view by its fragment, such as `#/dead`, and waits for its heading. */
  async open(fragment: string): Promise<Locator> {
    const { page } = this;
    const address = `${this.url}${fragment}`;
    // To go where one is changes nothing.
    await (page.url() === address ? page.reload() : page.goto(address));
    await this.page.getByRole('navigation', { name: 'Main' }).waitFor();
    const heading = this.page.getByRole('main').getByRole('heading', { level: 1 });
    await heading.waitFor();
    return heading;
  }

  /** Where the page has turned out to be. */
  isAt(url: string): void {
    this.url = url;
  }

  /** Presses what people know by this name. */
  async press(name: string | RegExp, within: Page | Locator = this.page): Promise<void> {
    await within.getByRole('button', { name }).first().click();
  }

  /** The dialog that is open. */
  get dialog(): Locator {
    return this.page.getByRole('dialog');
  }

  /** Fills fields of the dialog that is open, and presses what does it. */
  async answer(verb: string, fields: Readonly<Record<string, string>> = {}): Promise<void> {
    const { dialog } = this;
    for (const [label, text] of Object.entries(fields)) {
      await dialog.getByLabel(label, { exact: true }).fill(text);
    }
    await dialog.getByRole('button', { name: verb, exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
  }

  /** Waits until a text stands in the view, where it can be seen. */
  async untilSeen(text: string | RegExp): Promise<void> {
    const found = this.page.getByRole('main').getByText(text).filter({ visible: true });
    await found.first().waitFor();
  }

  async leave(): Promise<void> {
    await this.page.context().close();
  }

  private async listen(): Promise<void> {
    const { page, complaints } = this;
    const { origin } = new URL(this.url);
    page.on('console', (message) => {
      const { url } = message.location();
      if (['error', 'warning'].includes(message.type()) && !isOfRemovedJob(message.text(), url)) {
        complaints.push(`${message.type()}: ${message.text()} ${url}`);
      }
    });
    page.on('pageerror', (error) => complaints.push(`thrown: ${error.message}`));
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      const { protocol, origin: asked } = new URL(request.url());
      if (protocol !== 'data:' && asked !== origin) complaints.push(`request: ${request.url()}`);
    });
    await page.exposeFunction('reportViolation', (what: string) => {
      complaints.push(`policy: ${what}`);
    });
    await page.addInitScript({ content: REPORTS_VIOLATIONS });
  }
}

/** The page of a job that is gone asks for it once more, and the browser tells of each 404. */
function isOfRemovedJob(text: string, url: string): boolean {
  return text.includes(' 404 ') && /\/api\/jobs\/[^/]+(\/logs.*)?$/.test(url);
}
