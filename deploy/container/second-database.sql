-- Buildbot's tables and the farm's have the same names: a database each.
CREATE DATABASE buildbot OWNER farm;
