"""What the interface answers, as pydantic models: they are its description, too."""

from www.api.model.base import Answer
from www.api.model.lines import (
    BuildSummary,
    ComponentOnLine,
    ComponentPage,
    Components,
    ComponentState,
    ComponentSummary,
    InputChange,
    Line,
    Lines,
    LineSummary,
)
from www.api.model.people import Audit, Forced, Me, TopicOnLine, TopicPage, Topics
from www.api.model.progress import (
    AttemptPage,
    BuildPage,
    CommitOnLine,
    CommitPage,
    GenerationPage,
    PathStep,
    Step,
    UsedBuild,
)

__all__ = [
    "Answer",
    "AttemptPage",
    "Audit",
    "BuildPage",
    "BuildSummary",
    "CommitOnLine",
    "CommitPage",
    "ComponentOnLine",
    "ComponentPage",
    "ComponentState",
    "ComponentSummary",
    "Components",
    "Forced",
    "GenerationPage",
    "InputChange",
    "Line",
    "LineSummary",
    "Lines",
    "Me",
    "PathStep",
    "Step",
    "TopicOnLine",
    "TopicPage",
    "Topics",
    "UsedBuild",
]
