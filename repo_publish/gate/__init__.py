"""The gate: what of a wanted content can be published so that everything can be installed."""
