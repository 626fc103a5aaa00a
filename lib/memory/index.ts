export { MemoryBackend, type MemoryBackendOptions } from './memory-backend.js';
export { MemoryNotificationChannel } from './memory-notification-channel.js';
export { ManualClock } from './manual-clock.js';
