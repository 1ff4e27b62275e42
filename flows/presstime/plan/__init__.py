"""Stage 2: (posts, what the log says, the time) -> actions. Pure, and every action says why."""

from presstime.plan.decide import plan
from presstime.plan.situation import ON_TIME, Difference, Gone, Situation, Wanted, content_of, source_of
from presstime.plan.timetable import Rules, Timetable, timetable

__all__ = [
    "ON_TIME",
    "Difference",
    "Gone",
    "Rules",
    "Situation",
    "Timetable",
    "Wanted",
    "content_of",
    "plan",
    "source_of",
    "timetable",
]
