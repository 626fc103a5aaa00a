/** What our lines in Nest's log are marked with. */
export const LOG_CONTEXT = 'AgendaRedis';
