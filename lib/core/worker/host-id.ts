import { hostname } from 'node:os';
import { randomToken } from '../job/job-id.js';

/** Unique among living processes, readable, without blanks or `|`. */
export function hostId(name: string): string {
  const readable = `${name || hostname()}-${process.pid}`.replace(/[^\w.:-]/g, '_').slice(0, 100);
  return `${readable}-${randomToken().slice(0, 12)}`;
}
