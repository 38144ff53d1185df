"""What can be wrong with lists of terms."""

from uuid import UUID

from octavia_gateway.problems import ApiError, NotFoundError


class TermListNotFoundError(NotFoundError):
    """No such list, or another user's."""

    code = "term_list_not_found"

    def __init__(self, list_id: UUID) -> None:
        super().__init__(f"You have no list {list_id}.")


class TooManyTermListsError(ApiError):
    """The user keeps as many lists of a kind as one may."""

    status = 409
    code = "too_many_term_lists"

    def __init__(self, most: int) -> None:
        super().__init__(f"You can keep {most} lists of this kind. Delete one, or add to one.", limit=most)


class TooManyTermsError(ApiError):
    """A job's own terms, its lists and those that always apply are more than one job may have."""

    status = 422
    code = "too_many_terms"

    def __init__(self, count: int, most: int) -> None:
        super().__init__(
            f"This job's lists have {count} terms together; a job may have {most}. Name fewer lists, or let "
            "fewer of them always apply.",
            count=count,
            limit=most,
        )
