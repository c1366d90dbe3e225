DROP INDEX document_events_at;
