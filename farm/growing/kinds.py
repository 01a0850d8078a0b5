"""What the site file says of workers that are started when there is something to build."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from farm.model.names import Line

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:@-]*$", max_length=255)]
_Path = Annotated[str, Field(pattern=r"^/\S+$")]


class OnDemand(BaseModel):
    """What they have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    idle_minutes: Annotated[float, Field(ge=0, le=24 * 60)] = Field(
        5, description="Minutes without a build after which it is stopped; 0: after each build"
    )


class Docker(OnDemand):
    """A container of Docker, or of Podman behind the same interface."""

    image: _Name = Field(description="Made from workers/images/")
    host: Annotated[str, Field(pattern=r"^(unix|tcp|npipe)://\S+$")] = Field(
        "unix:///var/run/docker.sock",
        description="The daemon; Podman's is unix:///run/podman/podman.sock",
    )
    network: _Name | None = Field(None, description="Network mode: host, a network's name")
    volumes: tuple[Annotated[str, Field(pattern=r"^/[^:]+:/[^:]+(:ro)?$")], ...] = Field(
        (), description="HOST:CONTAINER; /var/cache/farm:/home/worker/cache keeps roots"
    )
    privileged: bool = Field(True, description="Builds mount overlays and make namespaces")
    pull: bool = Field(False, description="Pull the image when it is missing")


class Kubernetes(OnDemand):
    """A pod."""

    image: _Name
    namespace: _Name = "default"
    access: Literal["in-cluster", "kubectl-proxy"] = Field(
        "in-cluster", description="By the master's service account, or as kubectl is set up"
    )
    cpu: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+|m)?$")] = "2"
    memory: Annotated[str, Field(pattern=r"^[0-9]+(Ki|Mi|Gi)?$")] = "4Gi"
    privileged: bool = Field(True, description="Builds mount overlays and make namespaces")
    node_selector: dict[_Name, Line] = Field(default_factory=dict)


class Ec2(OnDemand):
    """An instance of Amazon EC2; credentials are those that boto3 finds."""

    ami: _Name = Field(description="An image with cloud-init: Debian's, Fedora's, or your own")
    instance_type: _Name
    region: _Name
    keypair: _Name
    subnet: _Name
    security_groups: tuple[_Name, ...]
    spot: bool = Field(False, description="Cheaper; what is lost is built again elsewhere")
    idle_minutes: Annotated[float, Field(ge=0, le=24 * 60)] = 30


class OpenStack(OnDemand):
    """A server of OpenStack; the password is in <state>/secrets/openstack."""

    image: _Name = Field(description="An image with cloud-init")
    flavor: _Name
    auth_url: Annotated[str, Field(pattern=r"^https?://\S+$")]
    username: Line
    project: Line
    user_domain: Line = "default"
    project_domain: Line = "default"
    region: _Name | None = None
    idle_minutes: Annotated[float, Field(ge=0, le=24 * 60)] = 30


class Libvirt(OnDemand):
    """A virtual machine, each time from a fresh copy of a disk whose worker has joined already."""

    image: _Path = Field(description="The disk of the domain that has the worker's name")
    base_image: _Path = Field(description="What it is copied from")
    uri: Annotated[str, Field(pattern=r"^[a-z+]+://\S*$")] = "qemu:///system"


KINDS = ("docker", "kubernetes", "ec2", "openstack", "libvirt")
