/** Parts of indexes that are read as one; groups follow one another. */
export interface IndexGroup<Part> {
  readonly backwards: boolean;
  readonly parts: readonly Part[];
}

export const forwards = <Part>(...parts: readonly Part[]): IndexGroup<Part> => ({
  backwards: false,
  parts,
});

export const backwards = <Part>(...parts: readonly Part[]): IndexGroup<Part> => ({
  backwards: true,
  parts,
});
