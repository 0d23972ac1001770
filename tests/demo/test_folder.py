"""Where a demo keeps its files: kept or gone, and refused in a sentence."""

from pathlib import Path

import pytest

from demo.folder import NEEDED_MB, CannotStart, folder


def test_own_folder_goes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder nobody asked for is there while the body runs, and gone after it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with folder(None) as place:
        assert place.parent == tmp_path
        assert (place / "centre.log").exists()
    assert not list(tmp_path.iterdir())


def test_wanted_folder_stays(tmp_path: Path) -> None:
    """A folder somebody asked for is made with its parents and stays."""
    with folder(tmp_path / "a" / "b") as place:
        assert place == tmp_path / "a" / "b"
    assert place.is_dir()


def test_no_space(tmp_path: Path) -> None:
    """A disk that is nearly full is told at the start, with how much is needed and what to do."""
    with pytest.raises(CannotStart) as told, folder(tmp_path, lambda _: NEEDED_MB - 1):
        pass
    assert str(told.value) == f"demo: {tmp_path} has 199 MB free and 200 are needed; give a folder with more space with --folder"


def test_unwritable(tmp_path: Path) -> None:
    """A folder that cannot be made is one sentence with its remedy."""
    (tmp_path / "file").touch()
    with (
        pytest.raises(CannotStart, match=r"file/below cannot be written \(Not a directory\); give a folder you can write"),
        folder(tmp_path / "file" / "below"),
    ):
        pass
