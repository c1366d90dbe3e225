-- A link beside each code, a limit of wrong tries for either, and hashes of
-- different cost.

ALTER TABLE access_codes ADD COLUMN link_hash   bytea;
ALTER TABLE access_codes ADD COLUMN sealed_link bytea;
ALTER TABLE access_codes ADD COLUMN failed_link integer NOT NULL DEFAULT 0;
ALTER TABLE access_codes ADD COLUMN work_factor text    NOT NULL DEFAULT 'fast';
ALTER TABLE access_codes ADD CHECK ((link_hash IS NULL) = (sealed_link IS NULL));
-- Wrong tries were counted without a limit before.
UPDATE access_codes SET failed_total = least(failed_total, 100);
-- Whatever the settings say, nobody guesses more often than this (NIST SP 800-63B, 3.2.2).
ALTER TABLE access_codes ADD CHECK (failed_total BETWEEN 0 AND 100 AND failed_link BETWEEN 0 AND 100);
-- Whoever follows a link names no tenant.
CREATE UNIQUE INDEX access_codes_link ON access_codes (link_hash);
COMMENT ON COLUMN access_codes.link_hash    IS 'SHA-256 of the 32 random bytes of the link; NULL for codes that were made before links.';
COMMENT ON COLUMN access_codes.sealed_link  IS 'The token of the link encrypted with AES-256-GCM, so that a repeated delivery gets the same answer.';
COMMENT ON COLUMN access_codes.failed_total IS 'How often somebody typed its selector with a wrong verifier, without the link.';
COMMENT ON COLUMN access_codes.failed_link  IS 'How often somebody who has the link typed another code.';
COMMENT ON COLUMN access_codes.work_factor  IS 'What verifier_hash costs: fast, or argon2id with its parameters.';
