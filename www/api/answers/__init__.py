"""The answers of the interface, each a pure function of the farm's plans and records."""
