"""What a worker does for one build: fetch, build, store. The job file says everything it needs."""
