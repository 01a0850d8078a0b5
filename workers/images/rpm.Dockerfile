# A worker for rpm distros in a container, with mock, from the farm's checkout:
#   docker build -t farm-worker-rpm -f workers/images/rpm.Dockerfile .
FROM fedora:latest
RUN dnf install --assumeyes --setopt=install_weak_deps=False \
        python3 python3-pip \
        bubblewrap bzip2 ca-certificates cpio createrepo_c debugedit dnf dnf-plugins-core dwz \
        elfutils file git mock patch rpm-build util-linux xz zstd \
    && dnf clean all
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
