ALTER TABLE otp_tallies DROP COLUMN refused_at;
