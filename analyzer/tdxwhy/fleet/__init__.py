"""Many logs: ingest, store, query."""
