"""Running digests are right or unknown, never wrong."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from octavia_gateway.files.digests import RunningDigests

UPLOADS = [UUID(int=n) for n in range(4)]
PARTS = [bytes([n]) * 7 for n in range(12)]

Step = tuple[int, int, bool]
"""An upload, how many parts a request brings, and whether the request ends well."""


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=40))
def test_whatever_is_remembered_is_the_digest_of_the_first_parts(steps: Sequence[Step]) -> None:
    digests = RunningDigests(remembered=2)
    committed = dict.fromkeys(UPLOADS, 0)
    for number, brought, well in steps:
        upload = UPLOADS[number]
        at = committed[upload]
        digest = digests.take(upload, at)
        if digest is not None:
            assert digest.digest() == hashlib.sha256(b"".join(PARTS[:at])).digest()
        until = min(len(PARTS), at + brought)
        for part in PARTS[at:until]:
            if digest is not None:
                digest.update(part)
        if well:
            committed[upload] = until
            if digest is not None:
                digests.put(upload, until, digest)


def test_a_resume_elsewhere_is_not_known() -> None:
    here, elsewhere = RunningDigests(), RunningDigests()
    digest = here.take(UPLOADS[0], 0)
    assert digest is not None
    here.put(UPLOADS[0], 0, digest)
    assert elsewhere.take(UPLOADS[0], 3) is None
    assert here.take(UPLOADS[0], 3) is None


def test_the_least_recent_is_forgotten() -> None:
    digests = RunningDigests(remembered=2)
    for upload in UPLOADS[:3]:
        digests.put(upload, 1, hashlib.sha256(upload.bytes))
    assert digests.take(UPLOADS[0], 1) is None
    assert digests.take(UPLOADS[2], 1) is not None
