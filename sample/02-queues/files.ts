import { Injectable } from '@nestjs/common';

/** Stands for a disk. */
@Injectable()
export class Files {
  private readonly writtenAt = new Map<string, number>();

  add(name: string): void {
    this.writtenAt.set(name, Date.now());
  }

  get count(): number {
    return this.writtenAt.size;
  }

  /** @returns how many were removed */
  removeOlderThan(ageMs: number): number {
    const old = [...this.writtenAt].filter(([, at]) => at <= Date.now() - ageMs);
    for (const [name] of old) this.writtenAt.delete(name);
    return old.length;
  }
}
