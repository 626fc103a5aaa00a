export { agendaTracing, type AgendaTracingOptions } from './agenda-tracing.js';
