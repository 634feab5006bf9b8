"""Environments from the command line: curated ones, builds, failures, locks, pruning; with real pip and small packages."""

import concurrent.futures
import zipfile

import pytest

SDIST_BACKEND = """
import zipfile
def get_requires_for_build_wheel(settings=None):
    return []
def build_wheel(folder, settings=None, metadata=None):
    with open(%r, "a") as builds:
        builds.write("built\\n")
    name = "counted-1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        wheel.writestr("counted.py", "WORD = 'counted'\\n")
        wheel.writestr("counted-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: counted\\nVersion: 1.0\\n")
        wheel.writestr("counted-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("counted-1.0.dist-info/RECORD", "")
    return name
"""


def wheel(folder, name, version="1.0"):
    """A package of its own, for pip without any network."""
    path = folder / "{}-{}-py3-none-any.whl".format(name, version)
    info = "{}-{}.dist-info/".format(name, version)
    with zipfile.ZipFile(str(path), "w") as archive:
        archive.writestr(name + ".py", "WORD = 'hello from {} {}'\n".format(name, version))
        archive.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: {}\nVersion: {}\n".format(name, version))
        archive.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(info + "RECORD", "")
    return path


def create(server, name, *packages):
    words = ["--pip={}".format(package) for package in ("--no-index",) + packages]
    return server.json("environment", "create", name, *words)


def submit(server, environment, code):
    source = server.folder / "source"
    source.mkdir(exist_ok=True)
    return server.json("run", "submit", "--experiment", "e2e", "--source-directory", source, "--environment", environment, "--command",
                       "python -c '%s'" % code)


def run_in(server, environment, code):
    return server.ended(submit(server, environment, code)["run_id"], seconds=120)


def said(server, run):
    return server("run", "logs", run["run_id"]).stdout


def test_a_curated_name_points_at_an_environment_of_ones_own_visibly(server, tmp_path):
    curated = "AzureML-PyTorch-1.6-GPU"
    create(server, "mine", wheel(tmp_path, "hello"))
    assert curated in server("environment", "list").stdout
    server("environment", "override", curated, "--with", "mine")
    assert "%s → mine" % curated in server("environment", "list").stdout

    run = run_in(server, curated, "import hello; print(hello.WORD)")

    assert run["status"] == "Completed", said(server, run)
    assert run["environment"] == {"name": "mine", "version": "1"}
    assert any("instead of %s" % curated in warning for warning in run["warnings"])
    assert "hello from hello 1.0" in said(server, run)
    server("environment", "override", curated, "--remove")
    assert "stands for itself" not in server("environment", "show", curated).stdout


def test_azures_image_is_the_machine(server, tmp_path):
    conda = tmp_path / "conda.yml"
    conda.write_text("channels:\n- conda-forge\ndependencies:\n- pip:\n  - azureml-defaults\n")
    server("environment", "create", "azure", "--conda", conda, "--image", "mcr.microsoft.com/azureml/openmpi3.1.2-ubuntu18.04")
    run = run_in(server, "azure", "print(1)")
    assert run["status"] == "Completed", said(server, run)
    assert len([warning for warning in run["warnings"] if "runs without one" in warning]) == 1


def test_a_failure_is_remembered_with_its_log_and_tried_again_when_somebody_wants_it(server, tmp_path):
    missing = tmp_path / "late-1.0-py3-none-any.whl"
    create(server, "late", missing)
    first = run_in(server, "late", "import late")
    assert first["error"]["code"] == "environment_error"
    assert "late" in first["error"]["message"]
    second = run_in(server, "late", "import late")
    assert "`muster environment build` tries it at once" in second["error"]["message"]
    log = server("run", "logs", second["run_id"], "azureml-logs/20_image_build_log.txt").stdout
    assert "late-1.0-py3-none-any.whl" in log

    wheel(tmp_path, "late")
    built = server("environment", "build", "late", timeout=120)
    assert "late version 1 is ready" in built.stdout
    assert "built in" in built.stderr
    assert run_in(server, "late", "import late")["status"] == "Completed"


def test_twenty_runs_ask_at_once_and_one_builds(server, tmp_path):
    source = tmp_path / "counted"
    source.mkdir()
    (source / "pyproject.toml").write_text("[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n")
    (source / "backend.py").write_text(SDIST_BACKEND % str(tmp_path / "builds"))
    create(server, "counted", source)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: submit(server, "counted", "import counted"), range(20)))
    ended = [server.ended(run["run_id"], seconds=180) for run in runs]

    assert [run["status"] for run in ended] == ["Completed"] * 20
    assert (tmp_path / "builds").read_text() == "built\n"


def test_a_lock_gives_the_same_again_and_a_difference_is_shown(server, tmp_path):
    wheel(tmp_path, "hello")
    server("environment", "create", "loose", "--pip=--no-index", "--pip=--find-links " + str(tmp_path), "--pip", "hello")
    first = run_in(server, "loose", "import hello; print(hello.WORD)")
    assert "hello from hello 1.0" in said(server, first)
    server("environment", "lock", "loose", "--as", "fixed")
    assert "hello==1.0" in server.json("environment", "show", "fixed")["definition"]["python"]["pip_packages"]

    wheel(tmp_path, "hello", "2.0")
    server("environment", "create", "loose", "--pip=--no-index", "--pip=--find-links " + str(tmp_path), "--pip", "hello>=2")
    second = run_in(server, "loose", "import hello; print(hello.WORD)")
    third = run_in(server, "fixed", "import hello; print(hello.WORD)")

    assert "hello from hello 1.0" in said(server, third)
    assert server("environment", "diff", first["run_id"], second["run_id"]).stdout == "- hello 1.0\n+ hello 2.0\n"
    assert server("environment", "diff", "loose:1", "loose:2").stdout == "- hello 1.0\n+ hello 2.0\n"
    assert "hold the same packages" in server("environment", "diff", first["run_id"], third["run_id"]).stdout
    assert server.problem("environment", "lock", "AzureML-Minimal")["code"] == "conflict"


def test_pruning_leaves_what_was_just_used(server, tmp_path):
    create(server, "mine", wheel(tmp_path, "hello"))
    server("environment", "build", "mine", timeout=120)
    assert "Removed 0 environments" in server("environment", "prune", "--max-gb", "0").stdout
    built = server.json("environment", "build", "mine")["hash"]
    assert "%s  venv" % built[:12] in server("environment", "list", "--built").stdout
    assert server.json("environment", "build", "mine")["status"] == "ready"


@pytest.mark.parametrize("packages,words", [(["pillow"], None), (["pillow", "pillow==0.0.99"], "pillow"),
                                            (["six==1.16.0", "six==1.15.0"], "six")])
def test_real_packages_of_the_index_that_pip_is_set_up_for(server, packages, words):
    server("environment", "create", "real", *[word for package in packages for word in ("--pip", package)])
    run = run_in(server, "real", "import PIL; print(PIL.__version__)" if words is None else "1")
    if words is None:
        assert run["status"] == "Completed", said(server, run)
    else:
        assert run["error"]["code"] == "environment_error"
        assert words in run["error"]["message"].lower()


def test_a_reserved_name_and_what_is_no_conda_file_are_refused(server, tmp_path):
    assert "clone" in server.problem("environment", "create", "AzureML-mine")["errors"][0]["hint"] + \
        server.problem("environment", "create", "AzureML-mine")["detail"]
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("dependencies:\n- a\nextra: 1\n")
    assert "line 3: 'extra' is not a key" in server.problem("environment", "create", "x", "--conda", wrong)["detail"]
