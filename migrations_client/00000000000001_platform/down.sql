DROP TABLE outbox;
DROP TABLE oc_database;
