DROP INDEX access_codes_link;
-- An older version can't check what costs more.
DELETE FROM access_codes WHERE work_factor <> 'fast';
ALTER TABLE access_codes DROP COLUMN work_factor;
ALTER TABLE access_codes DROP COLUMN failed_link;
ALTER TABLE access_codes DROP COLUMN sealed_link;
ALTER TABLE access_codes DROP COLUMN link_hash;
COMMENT ON COLUMN access_codes.failed_total IS 'How often somebody typed its selector with a wrong verifier.';
