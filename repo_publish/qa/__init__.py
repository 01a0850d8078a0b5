"""The hand-off to systems under test: events, their delivery, reports, promotion."""
