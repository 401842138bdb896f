"""`rules/knowledge` as tables, records to events, and what a message form names."""
