import type { Visit } from './visit.js';

/** Every view, by its fragment, for a name and a job that are there. */
export function allViews(name: string, id: string): Record<string, string> {
  return {
    overview: '#/',
    name: `#/names/${encodeURIComponent(name)}`,
    jobs: '#/jobs',
    job: `#/jobs/${encodeURIComponent(id)}`,
    dead: '#/dead',
    schedules: '#/schedules',
    hosts: '#/hosts',
  };
}

/** Waits until a view has what it asked for. */
export async function untilShown({ page }: Visit): Promise<void> {
  const main = page.getByRole('main');
  await main.getByRole('heading', { level: 1 }).waitFor();
  await main.getByText(/^Loading /).waitFor({ state: 'detached' });
}
