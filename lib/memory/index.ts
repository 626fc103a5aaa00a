export { MemoryBackend, type MemoryBackendOptions } from './memory-backend.js';
export { ManualClock } from './manual-clock.js';
