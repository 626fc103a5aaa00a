-- log-keys
-- Where the entries of the log are: see `log`. Beside it, so that who only reads the log has nothing that writes.
-- @include time, key
local LOGS, LOGS_ALL = prefix .. 'logs', prefix .. 'logs:all'
