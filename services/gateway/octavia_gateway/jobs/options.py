"""What a job may wish of the engines beside its languages, on the wire."""

from typing import Annotated, Literal, Self
from uuid import UUID

from octavia_common.documents import GlossaryTerm
from octavia_common.events import JobOptions
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from octavia_gateway.texts import one_line

MOST_TERMS = 1000
LONGEST_TERM = 200
MOST_SPEAKERS = 20


def _language_tag(tag: str) -> str:
    return tag.strip().lower().replace("_", "-")


LanguageTag = Annotated[
    str, Field(min_length=2, max_length=35, pattern=r"^[A-Za-z0-9_-]+$"), AfterValidator(_language_tag)
]
Term = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TERM), one_line
]
Style = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), one_line]
Speaker = Annotated[str, StringConstraints(pattern=r"^(\*|[A-Za-z0-9_-]{1,40})$")]
SpeakerLabel = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
SpeakerName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), one_line]
ListName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), one_line]
VoiceId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), one_line]


class TermRequest(BaseModel):
    """A word or phrase of the source, and what it is to be."""

    model_config = ConfigDict(extra="forbid")

    source: Term
    targets: dict[LanguageTag, Term] = Field(
        default_factory=dict, max_length=50, description="The translation by target language."
    )
    keep: bool = Field(False, description="Keep it as it is in languages without a translation.")


class OptionsRequest(BaseModel):
    """Wishes; one that the engines do not heed (`GET /api/v1/capabilities`) is refused."""

    model_config = ConfigDict(extra="forbid")

    glossary: list[TermRequest] = Field(default_factory=list, max_length=MOST_TERMS)
    style: Style = Field("", description="How it is to sound, in your words.", examples=["warm and simple"])
    formality: Literal["default", "formal", "informal"] = "default"
    voices: dict[Speaker, VoiceId] = Field(
        default_factory=dict,
        max_length=MOST_SPEAKERS + 1,
        description="Voice by speaker of the source (`S1`, `S2`, in the order in which they first speak); "
        "`*` is everybody else.",
        examples=[{"*": "female-2"}],
    )
    clone_voice: bool = Field(
        False, description="Speak in the speakers' own voices. Set it only with their consent."
    )
    speakers: int | None = Field(None, ge=1, le=MOST_SPEAKERS, description="How many speak; null: find out.")
    check_speech: bool | None = Field(
        None,
        description="Have each dubbed line recognised again, and spoken again where it is not what it should "
        "say; null: as it is set here.",
    )

    glossary_ids: list[UUID] = Field(
        default_factory=list, max_length=20, description="Lists of `/api/v1/glossaries`, beside `glossary`."
    )
    pronunciation_ids: list[UUID] = Field(
        default_factory=list, max_length=20, description="Lists of `/api/v1/pronunciations`."
    )
    speaker_names: dict[SpeakerLabel, SpeakerName] = Field(
        default_factory=dict,
        max_length=MOST_SPEAKERS,
        description="What you call the speakers of the source. One that you remember "
        "(`/api/v1/speakers`) has the voice remembered, unless `voices` says otherwise.",
        examples=[{"S1": "Anna"}],
    )
    remember_voices: bool = Field(
        False, description="Remember the voices of `voices` by the names of `speaker_names`."
    )
    review: Literal["none", "transcript", "translation"] = Field(
        "none",
        description="Where the job stops (`review`) until you have looked at its lines and release it.",
    )

    def wished(self) -> list[str]:
        """Names of the wishes that ask for anything, as engines tell what they heed; to do without asks for
        nothing."""
        return _wished(self)

    def terms(self) -> tuple[GlossaryTerm, ...]:
        """The job's own terms as the engines read them."""
        return tuple(
            GlossaryTerm(source=term.source, targets=term.targets, keep=term.keep) for term in self.glossary
        )

    def options(self) -> JobOptions:
        """The options but glossary and pronunciation, which are objects of their own."""
        return JobOptions(
            style=self.style,
            formality=self.formality,
            voices=self.voices,
            clone_voice=self.clone_voice,
            speakers=self.speakers,
            check_speech=self.check_speech,
            speaker_names=self.speaker_names,
            review=self.review,
        )


_HEEDED_AS = {"glossary_ids": "glossary", "pronunciation_ids": "pronunciation"}

_OURS = frozenset({"speaker_names", "remember_voices", "review"})
"""Options that no engine needs to heed."""


def wished_by(options: JobOptions) -> list[str]:
    """The same of a job that was made."""
    return _wished(options)


def _wished(options: OptionsRequest | JobOptions) -> list[str]:
    none = type(options)()
    names = [name for name, value in options if value != getattr(none, name) and value is not False]
    return list(dict.fromkeys(_HEEDED_AS.get(name, name) for name in names if name not in _OURS))


class OptionsResponse(BaseModel):
    """The wishes of a job."""

    glossary: bool = Field(description="Whether the job has a glossary.")
    pronunciation: bool = Field(description="Whether the job has pronunciations.")
    style: str
    formality: Literal["default", "formal", "informal"]
    voices: dict[str, str]
    clone_voice: bool
    speakers: int | None
    check_speech: bool | None
    speaker_names: dict[str, str]
    review: Literal["none", "transcript", "translation"]

    @classmethod
    def of(cls, options: JobOptions) -> Self:
        """The document of a job's options."""
        return cls(
            glossary=options.glossary is not None,
            pronunciation=options.pronunciation is not None,
            style=options.style,
            formality=options.formality,
            voices=options.voices,
            clone_voice=options.clone_voice,
            speakers=options.speakers,
            check_speech=options.check_speech,
            speaker_names=options.speaker_names,
            review=options.review,
        )
