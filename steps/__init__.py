"""Buildbot steps: fetch, build and store on a worker; publish on the publishing host."""
