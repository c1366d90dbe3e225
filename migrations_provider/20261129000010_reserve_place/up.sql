-- Of the codes that a backup brings back, some have been given to documents since, and
-- must not be promised to others. So each names where it was written: another server,
-- another database or another timeline is another place.

ALTER TABLE code_reserve ADD COLUMN place text;
COMMENT ON COLUMN code_reserve.place IS 'Server, database and timeline that it was written in; it is promised nowhere else. NULL if an older version wrote it.';
