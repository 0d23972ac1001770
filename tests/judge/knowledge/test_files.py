"""Holds judge/knowledge/files.py: bytes to rows, each fault with its place, each file read once."""

import pytest

from judge.knowledge.files import Files, KnowledgeError
from judge.knowledge.row import Row


def files(**texts: bytes) -> Files:
    """Return files of these texts."""
    return Files(lambda name: texts[name])


def test_each_file_is_read_once() -> None:
    """A file is asked for once, and every byte of it counts for the version."""
    asked = []

    def read(name: str) -> bytes:
        asked.append(name)
        return b"[[row]]\ngrade = 'A'\norigin = 'x'\n"

    one = Files(read)
    assert one.rows("a", "row", Row) == one.rows("a", "row", Row)
    assert asked == ["a"]
    assert one.digest() == one.digest() != one.digest(b"more") != files(a=b"").digest(b"more")


def test_faults_name_their_place() -> None:
    """No rows, broken text, a text where a number belongs: each is told with file and table."""
    with pytest.raises(KnowledgeError, match=r"a: no \[\[row\]\] rows"):
        files(a=b"").rows("a", "row", Row)
    with pytest.raises(KnowledgeError, match="a: not UTF-8"):
        files(a=b"\xff").toml("a")
    with pytest.raises(KnowledgeError, match=r"a: \[t\]: every value is a number"):
        files(a=b"[t]\nx = 'y'").numbers("a", "t")
    with pytest.raises(KnowledgeError, match=r"a: \[t\]: grade: Field required"):
        files(a=b"[t]\norigin = 'y'").table("a", "t", Row)
    with pytest.raises(KnowledgeError, match=r"a: not a list of endpoint sets"):
        files(a=b"{}").endpoints("a")
    with pytest.raises(KnowledgeError, match=r"a: line 3: x and y must be written"):
        list(files(a=b"x,y\n1,2\n3,\n").lines("a", "x", "y"))
