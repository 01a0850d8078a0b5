"""What the site file says of workers on other machines."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$", max_length=253)]
_Port = Annotated[int, Field(ge=1, le=65535)]


class Remote(BaseModel):
    """Workers on other machines come over TLS, with certificates of the farm's own authority."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: _Host = Field(description="What workers call the master's machine: a name or an address")
    also: tuple[_Host, ...] = Field((), description="Other names of it in its certificate")
    interface: _Host = Field("0.0.0.0", description="Address to listen on")  # noqa: S104 - its use
    workers_port: _Port = Field(9990, description="Where workers connect")
    files_port: _Port = Field(9991, description="HTTPS: joining, and the pool")
    certificate_days: Annotated[int, Field(ge=1, le=825)] = Field(
        90, description="Days that a certificate lasts; it is renewed in its last third"
    )
    authority_days: Annotated[int, Field(ge=30, le=36500)] = Field(
        3650, description="Days that the farm's own authority lasts"
    )

    @property
    def url(self) -> str:
        """Where new machines join, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.files_port}"
