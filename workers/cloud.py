"""Workers on machines of a cloud: Amazon EC2, OpenStack, or virtual machines of libvirt."""

from __future__ import annotations

from typing import Any

from buildbot.worker.ec2 import EC2LatentWorker
from buildbot.worker.libvirt import LibVirtWorker
from buildbot.worker.openstack import OpenStackLatentWorker

from farm.errors import FarmError
from farm.growing.kinds import Ec2, Libvirt, OpenStack
from workers.kinds import Invited, Kind, Start

OPENSTACK_SECRET = "openstack"  # noqa: S105 - the name of a secret


class Ec2Worker(Invited, EC2LatentWorker):
    """An instance that joins the farm at its first start, by its user data."""

    def start_instance(self, build: Any) -> Any:
        """As Buildbot's, with a fresh invitation."""
        self.user_data = self.start.user_data()
        return super().start_instance(build)


class OpenStackWorker(Invited, OpenStackLatentWorker):
    """A server that joins the farm at its first start, by its user data."""

    def start_instance(self, build: Any) -> Any:
        """As Buildbot's, with a fresh invitation."""
        self.nova_args = {**self.nova_args, "userdata": self.start.user_data()}
        return super().start_instance(build)


def _ec2(start: Start) -> Ec2Worker:
    settings: Ec2 = start.settings
    return Ec2Worker(
        start.name,
        **start.arguments,
        start=start,
        instance_type=settings.instance_type,
        ami=settings.ami,
        region=settings.region,
        keypair_name=settings.keypair,
        subnet_id=settings.subnet,
        security_group_ids=list(settings.security_groups),
        spot_instance=settings.spot,
        tags={"Name": start.name, "farm": start.site.title},
    )


def _openstack(start: Start) -> OpenStackWorker:
    settings: OpenStack = start.settings
    password = start.site.token(OPENSTACK_SECRET)
    if not password:
        place = start.site.state / "secrets" / OPENSTACK_SECRET
        raise FarmError(f"worker {start.name}: put the password of OpenStack into {place}")
    return OpenStackWorker(
        start.name,
        **start.arguments,
        start=start,
        flavor=settings.flavor,
        image=settings.image,
        os_username=settings.username,
        os_password=password,
        os_tenant_name=settings.project,
        os_auth_url=settings.auth_url,
        os_user_domain=settings.user_domain,
        os_project_domain=settings.project_domain,
        region=settings.region,
    )


def _libvirt(start: Start) -> LibVirtWorker:
    settings: Libvirt = start.settings
    return LibVirtWorker(
        start.name,
        **start.arguments,
        hd_image=settings.image,
        base_image=settings.base_image,
        uri=settings.uri,
        masterFQDN=start.site.remote.host,
    )


EC2 = Kind(_ec2, {"boto3": "boto3"})
OPENSTACK = Kind(_openstack, {"novaclient": "python-novaclient", "keystoneauth1": "keystoneauth1"})
LIBVIRT = Kind(_libvirt, {"libvirt": "libvirt-python"})
