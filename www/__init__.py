"""The web UI: its settings, who may do what, and the dashboard pages."""
