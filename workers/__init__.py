"""How a worker of each kind is described, created and connected."""
