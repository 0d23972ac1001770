"""The demo's command line: exit status and last words, in this process and without a centre where none is needed."""

from pathlib import Path

import pytest

from demo.cli import main


def test_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that cannot be made, and one whose log cannot be written, are one sentence with remedy and status 2."""
    (tmp_path / "file").touch()
    (tmp_path / "folder" / "centre.log").mkdir(parents=True)
    assert main(["here", "--folder", f"{tmp_path}/file/below"]) == 2
    assert main(["here", "--folder", f"{tmp_path}/folder"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"demo: {tmp_path}/file/below cannot be written (Not a directory); give a folder you can write with --folder",
        f"demo: {tmp_path}/folder/centre.log cannot be written (Is a directory); give a folder you can write with --folder",
    ]


def test_roots_that_are_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Roots that cannot be read are one sentence and status 2; the folder made for it goes again."""
    assert main(["here", "--folder", str(tmp_path / "f"), "--public-roots", str(tmp_path / "none.pem")]) == 2
    assert capsys.readouterr().err == (
        f"demo: config: collector.public_roots: {tmp_path}/none.pem: No such file or directory; name a readable PEM file of public roots\n"
    )


@pytest.mark.parametrize("count", ["-1", "many", "²", ""])
def test_cycles(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A number of reports that is none is refused with the remedy."""
    with pytest.raises(SystemExit) as ended:
        main(["here", f"--cycles={count}"])
    assert ended.value.code == 2
    assert f"{count!r} is not a number of reports; write 0 to run until Ctrl-C" in capsys.readouterr().err
