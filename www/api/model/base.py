"""What all answers have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Moment = Annotated[float, Field(description="Seconds since 1970; 0: never")]


class Answer(BaseModel):
    """What all answers and their parts have in common."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)
