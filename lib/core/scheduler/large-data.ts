/** From so many bytes on data is worth a word. */
const LARGE_BYTES = 16 * 1024;

type Warn = (code: string, message: string, about: string) => void;

/** Warns, once for each name, of jobs that carry much data. */
export class LargeData {
  private readonly told = new Set<string>();

  constructor(private readonly warn: Warn) {}

  look(name: string, text: string | undefined): void {
    if (text === undefined || text.length * 3 < LARGE_BYTES || this.told.has(name)) return;
    const bytes = Buffer.byteLength(text);
    if (bytes < LARGE_BYTES) return;
    this.told.add(name);
    const message =
      `A job of "${name}" carries ${bytes} bytes of data. Every step of its life moves and keeps them: ` +
      'store large data elsewhere, and give jobs its id.';
    this.warn('large-data', message, name);
  }
}
