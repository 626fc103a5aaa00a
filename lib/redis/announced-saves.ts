/** So many saves are remembered: whoever publishes one does it at once. */
const MOST = 100;

/**
 * Saves whose news the store has published itself, in the step that wrote them. Agenda's own engine
 * publishes each save once more: what everybody has heard already need not be said again.
 */
export class AnnouncedSaves {
  private readonly times = new Map<string, number | null>();

  add(id: string, nextRunAt: number | null): void {
    this.times.delete(id);
    this.times.set(id, nextRunAt);
    if (this.times.size > MOST) this.times.delete(this.times.keys().next().value!);
  }

  /** Whether this very news was told, once for each save. */
  take(id: string, nextRunAt: Date | null): boolean {
    if (this.times.get(id) !== (nextRunAt?.getTime() ?? null)) return false;
    return this.times.delete(id);
  }
}
