"""What is shipped, and that it works where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest
from twisted.scripts.twistd import ServerOptions

from csms import __version__
from csms.config import Config

ROOT = Path(__file__).parents[1]
SOURCES = ("LICENSE", "README.rst", "csms", "pyproject.toml", "setup.cfg", "twisted")


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command far from the checkout; its standard output."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy so that the checkout stays as it is."""
    source = tmp_path_factory.mktemp("source")
    ignore = shutil.ignore_patterns("__pycache__", "dropin.cache", "*.egg-info")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, source)
    target = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target)]
    run(*build, ".", cwd=source)
    [built] = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The ``bin`` directory of a fresh environment with the wheel in it.

    What the product stands on is borrowed from the environment of the tests.  The checkout is
    there as well, by the editable installation, but not borrowed with it: path files count only
    in an environment's own directory.
    """
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=False, symlinks=True)
    paths = {"base": str(place), "platbase": str(place)}
    own = Path(sysconfig.get_path("purelib", "venv", paths))
    borrowed = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
    (own / "borrowed.pth").write_text("\n".join(borrowed) + "\n")
    python = place / "bin/python"
    # --ignore-installed: else pip would take the borrowed metadata of the checkout for the wheel.
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(*pip, "--no-index", "--no-deps", "--ignore-installed", wheel, cwd=place)
    return place / "bin"


def names(wheel: Path) -> set[str]:
    """The files in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_brings_one_plugin_and_nothing_else_of_twisted(wheel):
    """``twisted/__init__.py`` would overwrite that of Twisted."""
    ours = {name for name in names(wheel) if name.startswith("twisted/")}
    assert ours == {"twisted/plugins/csms_plugin.py"}


def test_the_wheel_holds_every_file_of_the_package(wheel):
    """Modules, migrations, pages and the typing marker: whatever lies under ``csms/``."""
    present = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "csms").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert present - names(wheel) == set()
    assert "csms/py.typed" in names(wheel)
    assert any(name.startswith("csms/storage/migrations/0001") for name in names(wheel))


def test_the_wheel_holds_nothing_but_the_product(wheel):
    """No tests, no settings of somebody's machine."""
    assert {name.split("/")[0] for name in names(wheel)} == {
        "csms",
        "twisted",
        f"csms-{__version__}.dist-info",
    }


def test_the_licence_is_shipped(wheel):
    """With the metadata."""
    assert f"csms-{__version__}.dist-info/licenses/LICENSE" in names(wheel)


def test_what_is_installed_is_the_wheel(installed):
    """The tests below must not look at the checkout."""
    where = run(installed / "python", "-c", "import csms; print(csms.__file__)", cwd=installed)
    assert Path(where.strip()).is_relative_to(installed.parent)


def test_twistd_offers_the_command(installed):
    """In an environment that never saw the checkout."""
    script = "from twisted.scripts.twistd import run; run()"
    twistd = [installed / "python", "-c", script]
    offered = run(*twistd, "--help", cwd=installed)
    assert "Charging-station management system" in offered
    assert run(*twistd, "csms", "--version", cwd=installed) == f"csms {__version__}\n"


def test_the_systemd_unit_starts_what_there_is():
    """Its command line is understood, and it waits longer than the server takes to stop."""
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(ROOT / "systemd/csms.service")
    service = unit["Service"]
    twistd = ServerOptions()
    twistd.parseOptions(service["ExecStart"].split()[1:])
    assert twistd["nodaemon"]
    assert twistd.subOptions["config"] == "/etc/csms/csms.toml"
    assert float(service["TimeoutStopSec"]) > 2 * Config().server.shutdown_timeout_s


def test_the_console_command_is_installed(installed):
    """``csms`` is on the path of the environment."""
    assert run(installed / "csms", "--version", cwd=installed) == f"csms {__version__}\n"
