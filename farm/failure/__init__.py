"""Why a build failed: the first error in its log that matters, and what to do about it."""
