# A worker for deb distros in a container, from the farm's checkout:
#   docker build -t farm-worker-deb -f workers/images/deb.Dockerfile .
FROM debian:12-slim
RUN apt-get update && apt-get install --yes --no-install-recommends \
        python3 python3-venv \
        bubblewrap bzip2 ca-certificates debian-archive-keyring dpkg-dev git mmdebstrap mount \
        xz-utils zstd \
    && rm -rf /var/lib/apt/lists/*
COPY requirements/worker.txt /tmp/requirements.txt
RUN python3 -m venv /opt/farm-worker \
    && /opt/farm-worker/bin/pip install --no-cache-dir --require-hashes -r /tmp/requirements.txt
COPY pyproject.toml README.md /tmp/farm/
COPY farm /tmp/farm/farm
COPY repo_publish /tmp/farm/repo_publish
RUN /opt/farm-worker/bin/pip install --no-cache-dir --no-deps /tmp/farm && rm -rf /tmp/farm
ENV PATH=/opt/farm-worker/bin:/usr/sbin:/usr/bin:/sbin:/bin
COPY workers/images/start /usr/local/bin/farm-worker-start
ENTRYPOINT ["/usr/local/bin/farm-worker-start"]
