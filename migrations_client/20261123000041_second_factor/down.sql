DROP TABLE otps;
DROP TABLE otp_tallies;
ALTER TABLE documents DROP COLUMN second_factor;
