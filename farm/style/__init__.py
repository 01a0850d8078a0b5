"""The style guide of components, checked: what `farm check` finds, repairs and reports."""
