// The `./dashboard` entry: a page and a JSON API that show and change the jobs of an instance.
export { AgendaDashboardModule } from './agenda-dashboard.module.js';
export type { AgendaDashboardOptions, DashboardGuard } from './dashboard-options.js';
export type * from './api/index.js';
