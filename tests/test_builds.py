"""The same tests pass with the index-checked kernels and without any extension."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# what kernels run in, without the whole days of all detectors: these builds are slower
TESTED = ("tests/cython_ext", "tests/detect/test_cases.py", "tests/wire/test_modbus.py", "tests/journal/test_journal.py")
COPIED = ("cython_ext", "edge_agent", "firmware_profiles", "simulator", "tests", "setup.py", "pyproject.toml")


def run_in_copy(copy: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys, pytest; sys.path.insert(0, '.')\n"
        "import cython_ext; print(cython_ext.__file__, 'compiled', cython_ext.COMPILED)\n"
        f"sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '-m', 'not servers', *{TESTED!r}]))"
    )
    return subprocess.run(
        [sys.executable, "-c", code], cwd=copy, env={**os.environ, **environment}, capture_output=True, text=True, timeout=500, check=False
    )


@pytest.fixture
def copy(tmp_path):
    """A copy of the sources without compiled kernels: what runs in it is what was built in it."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("*.so", "*.c", "__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    return tmp_path


def test_everything_passes_without_the_extension(copy):
    done = run_in_copy(copy, {"HPLC_EDGE_PURE": "1"})
    assert done.returncode == 0, done.stdout[-3000:]
    assert f"{copy}/cython_ext/__init__.py compiled False" in done.stdout


def test_everything_passes_with_index_checks(copy):
    environment = {"HPLC_EDGE_CHECKED": "1"}
    built = subprocess.run(
        [sys.executable, "setup.py", "build_ext", "--inplace"], cwd=copy, env={**os.environ, **environment}, capture_output=True, text=True,
        timeout=500, check=False,
    )
    assert built.returncode == 0, built.stderr[-2000:]
    assert list((copy / "cython_ext").glob("_band*.so"))
    done = run_in_copy(copy, environment)
    assert done.returncode == 0, done.stdout[-3000:]
    assert f"{copy}/cython_ext/__init__.py compiled True" in done.stdout
