import type { JobParameters } from '../../lib/core/contracts/job-parameters.js';
import { wasBorn } from '../../lib/core/job/row-birth.js';
import { describeBackends } from './support/backends.js';
import { newRow } from './support/rows.js';

describeBackends('saveJob', (open) => {
  it.each<[string, Partial<JobParameters>, boolean]>([
    ['a plain row', {}, true],
    ['the one of its name', { type: 'single' }, false],
    ['one with a constraint', { unique: { data: null } }, false],
    ['a debounced one', { unique: { data: null }, uniqueOpts: { debounce: { delay: 50 } } }, false],
    [
      'one that is only inserted',
      { unique: { data: null }, uniqueOpts: { insertOnly: true } },
      false,
    ],
  ])('tells whether it made a new job of %s, beside the row', async (_, asked, isNewAgain) => {
    const { repository } = await open();

    const first = await repository.saveJob(newRow(asked));
    const second = await repository.saveJob(newRow(asked));
    const update = await repository.saveJob(first);

    expect([first, second, update].map(wasBorn)).toEqual([true, isNewAgain, false]);
    expect(Object.getOwnPropertySymbols(first)).toEqual([]);
  });
});
