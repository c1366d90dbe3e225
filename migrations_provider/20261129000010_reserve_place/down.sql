ALTER TABLE code_reserve DROP COLUMN place;
