ALTER TABLE otp_tallies ADD COLUMN refused_at timestamptz;
COMMENT ON COLUMN otp_tallies.refused_at IS 'When the last number could not be sent: it counts for the pause between two, not for the hour.';
