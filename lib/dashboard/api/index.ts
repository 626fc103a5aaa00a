export type * from './actions.js';
export type * from './jobs.js';
export type * from './live.js';
export type * from './operations.js';
export type * from './overview.js';
export type * from './session.js';
