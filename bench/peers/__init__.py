"""Other tools that build a whole stack, each as its documentation says a developer uses it."""
