"""How databases of older versions of the farm become those of this one, step by step (alembic).

A change of `farm.records.tables` adds a module to `versions` and raises
`farm.records.upgrade.REVISION`; tests hold the two to each other.
"""
