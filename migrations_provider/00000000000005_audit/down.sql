DROP TABLE audit_chains;
DROP TABLE audit_log;
DROP FUNCTION audit_log_is_final();
DROP TABLE audit_pending;
