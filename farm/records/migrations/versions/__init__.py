"""One module for each state that the tables have had."""
