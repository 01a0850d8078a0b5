"""Who may do what on a farm, and the log of who did: roles, users, the audit log."""
