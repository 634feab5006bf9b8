"""Environments: how they are defined, kept as files, registered and found again."""
import io
import os

from server_case import ServerCase
from support import Case

from azureml.core.environment import Environment as AzureEnvironment
from muster import CondaDependencies, DockerConfiguration, Environment, Experiment, ScriptRunConfig
from muster._conda_yaml import parse_conda_file
from muster._environment_sections import bytes_of
from muster.environment import ContainerRegistry
from muster.exceptions import ActivityFailedException, ProjectSystemException, UserErrorException


class CondaFileTest(Case):
    def test_the_usual_files(self):
        for text in ("channels:\n- conda-forge\ndependencies:\n- python=3.6.2\n- pip:\n  - azureml-defaults\n  - torch==1.6.0\n- pillow\n",
                     "# one\nname: 'x'  # two\nchannels: [conda-forge]\n\ndependencies:\n    - \"python=3.6.2\"\n    - pip:\n"
                     "        - azureml-defaults\n        - torch==1.6.0 # three\n    - pillow\nprefix: /opt/x\n",
                     "---\r\ndependencies:\r\n- python=3.6.2\r\n- pip: [azureml-defaults, torch==1.6.0]\r\n- pillow\r\n"
                     "channels:\r\n  - conda-forge\r\n"):
            content = parse_conda_file(text)
            self.assertEqual((content.channels, content.conda_packages, content.pip_packages),
                             (["conda-forge"], ["python=3.6.2", "pillow"], ["azureml-defaults", "torch==1.6.0"]))

    def test_what_cannot_be_read_is_named_by_its_line(self):
        for text, words in (("dependencies:\n- a\nextra: 1\n", "line 3"), ("- a\n", "line 1"), ("channels: [a]\n", "no key 'dependencies'"),
                           ("dependencies:\n- &x a\n", "line 2"), ("dependencies:\n- a: b\n", "line 2"), ("dependencies:\n\t- a\n", "tab"),
                           ("dependencies:\n- a\n   - b\n", "line 3"), ("dependencies: a\n", "expected a list"), ("{}", "line 1"),
                           ("dependencies:\n- >\n  text\n", "line 2"), ("dependencies:\n- \"a\\n\"\n", "line 2"),
                           ("variables:\n  A: b\n", "variables"),
                           ("dependencies:\n- a\ndependencies:\n- b\n", "twice"), ("dependencies:\n-\n", "line 2"),
                           # What a plain text would be if it were none: a mapping, a list in a list, nothing that YAML has.
                           ("dependencies:\n- a b: c\n", "line 2"), ("dependencies:\n- a[b]:\n", "line 2"),
                           ("channels:\n- - a\ndependencies:\n", "line 2"), ("name: a: b\ndependencies:\n", "line 1"),
                           ("channels: [a]]\ndependencies:\n", "line 1"), ("channels: [a: b]\ndependencies:\n", "line 1"),
                           ("dependencies:\n- ,a\n", "line 2"), ("dependencies:\n- pip:\n - a\n", "line 3"),
                           ("dependencies:\n- a\n---\nname: b\n", "second document"), ("---\n---\ndependencies:\n", "second document"),
                           ("dependencies:\n...\nname: b\n", "second document"),
                           ("dependencies:\n- a\u2028- b\n", "line 2"), ("dependencies:\n- a\x0b- b\n", "line 2")):
            with self.refused(UserErrorException, words):
                parse_conda_file(text)
        with self.refused(UserErrorException, "cannot be read"):
            CondaDependencies("gone.yml")
        with self.refused(UserErrorException, "not UTF-8"):
            CondaDependencies(self.write("bad.yml", b"\xff"))

    def test_dependencies(self):
        dependencies = CondaDependencies.create(python_version="3.8", pip_packages=["torch==1.6.0"], conda_packages=["numpy"])
        dependencies.add_pip_package("Torch==1.7.0")
        dependencies.add_pip_package("pillow")
        dependencies.add_channel("conda-forge")
        self.assertEqual(dependencies.pip_packages, ["Torch==1.7.0", "pillow"])
        self.assertEqual(dependencies.python_version, "3.8")
        dependencies.remove_pip_package("pillow")
        text = dependencies.serialize_to_string()
        self.assertEqual(text, "channels:\n- conda-forge\ndependencies:\n- python=3.8\n- numpy\n- pip:\n  - Torch==1.7.0\n")
        dependencies.save_to_file(self.work, "c.yml")
        self.assertEqual(CondaDependencies("c.yml").serialize_to_string(), text)
        for wrong in ("", None, "a\nb"):
            with self.refused(UserErrorException, "package"):
                dependencies.add_pip_package(wrong)
        with self.refused(UserErrorException, "give a list"):
            CondaDependencies.create(pip_packages="torch")


class EnvironmentTest(ServerCase):
    def test_register_get_list(self):
        workspace = self.workspace()
        environment = Environment("torch")
        environment.python.conda_dependencies = CondaDependencies.create(
            python_version="3.9", pip_packages=["azureml-defaults", "torch==2.0"], conda_packages=["pip=20"])
        environment.environment_variables = {"A": 1}
        registered = environment.register(workspace)
        self.assertEqual((registered.version, environment.version), ("1", None))
        self.assertEqual(environment.register(workspace).version, "1")
        definition = self.state.environments[0]["definition"]
        self.assertEqual(definition["python"], {"interpreter_path": "python", "user_managed_dependencies": False,
                                                "pip_packages": ["azureml-defaults", "torch==2.0"],
                                                "conda_packages": ["pip=20"], "python_version": "3.9"})
        self.assertEqual(definition["environment_variables"], {"A": "1"})
        environment.python.conda_dependencies.add_pip_package("pillow")
        self.assertEqual(environment.register(workspace).version, "2")
        self.assertEqual(Environment.get(workspace, "torch").python.conda_dependencies.pip_packages,
                         ["azureml-defaults", "torch==2.0", "pillow"])
        self.assertEqual(Environment.get(workspace, "torch", version="1").python.conda_dependencies.pip_packages,
                         ["azureml-defaults", "torch==2.0"])
        self.assertEqual(Environment.list(workspace)["torch"].version, "2")
        clone = registered.clone("mine")
        self.assertEqual((clone.name, clone.version), ("mine", None))
        with self.refused(ProjectSystemException, "Environment not found", "'AzureML-PyTorch-1.6-GPU'", "It has: torch"):
            Environment.get(workspace, "AzureML-PyTorch-1.6-GPU")
        with self.refused(UserErrorException, "not both"):
            Environment.get(workspace, "torch", version="1", label="Latest")

    def test_curated_ones_are_found_beside_ones_own(self):
        workspace = self.workspace()
        Environment("mine").register(workspace)
        curated = {"name": "AzureML-PyTorch-1.6-GPU", "python": {"python_version": "3.6.2", "pip_packages": ["torch==1.6.0"]}}
        self.state.curated_environments.append({"name": curated["name"], "version": "1", "definition": curated, "created_at": None})
        self.assertEqual(sorted(Environment.list(workspace)), ["AzureML-PyTorch-1.6-GPU", "mine"])
        found = Environment.get(workspace, "AzureML-PyTorch-1.6-GPU")
        self.assertEqual((found.version, found.python.conda_dependencies.python_version), ("1", "3.6.2"))

    def test_the_container_goes_with_the_definition(self):
        environment = Environment("x")
        environment.docker.enabled = True
        environment.docker.base_image = "mcr.microsoft.com/azureml/base"
        environment.docker.shm_size = "1g"
        environment.docker.arguments = ["--gpus", "all"]
        environment.docker.base_image_registry.address = "example.org"
        registered = environment.register(self.workspace())
        self.assertEqual(self.state.environments[0]["definition"]["docker"], {
            "enabled": True, "base_image": "mcr.microsoft.com/azureml/base", "shm_size_bytes": 1 << 30, "arguments": ["--gpus", "all"],
            "base_image_registry": {"address": "example.org", "username": None}})
        self.assertEqual(registered.docker.base_image, "mcr.microsoft.com/azureml/base")
        self.assertEqual(bytes_of(registered.docker.shm_size), 1 << 30)
        for size in ("", "2q", "-1g", "0"):
            environment.docker.shm_size = size
            with self.refused(UserErrorException, "docker.shm_size"):
                environment.register(self.workspace())
        environment = Environment("x")
        environment.docker.base_image_registry.password = "hidden"
        with self.refused(UserErrorException, "docker.base_image_registry.password") as caught:
            environment.register(self.workspace())
        self.assertNotIn("hidden", caught.exception.message)
        self.write("train.py")
        image = Environment.from_docker_image("x", "ubuntu")
        docker = DockerConfiguration(True, arguments=["--cap-add", "SYS_PTRACE"], shm_size="1g")
        with self.printed():
            Experiment(self.workspace(), "e").submit(ScriptRunConfig(self.work, "train.py", environment=image,
                                                                     docker_runtime_config=docker))
        submitted = self.state.submitted[-1]["environment"]
        self.assertEqual(submitted["docker"], {"enabled": True, "base_image": "ubuntu", "arguments": ["--cap-add", "SYS_PTRACE"],
                                               "shm_size_bytes": 1 << 30})
        self.assertEqual(submitted["python"]["interpreter_path"], "python", "the image's own, not that which submits")

    def test_an_image_or_a_dockerfile(self):
        registry = ContainerRegistry()
        registry.address = "example.org"
        image = Environment.from_docker_image("x", "ubuntu", registry)
        self.assertEqual((image.docker.base_image, image.docker.enabled, image.python.user_managed_dependencies), ("ubuntu", True, True))
        self.assertEqual(image.docker.base_image_registry.address, "example.org")
        requirements = self.write("requirements.txt", "six\n")
        image = Environment.from_docker_image("x", "ubuntu", pip_requirements=requirements)
        self.assertEqual((image.python.conda_dependencies.pip_packages, image.python.user_managed_dependencies), (["six"], False))
        conda = self.write("conda.yml", "dependencies:\n- numpy\n")
        for given in (self.write("Dockerfile", "FROM ubuntu\n"), "FROM ubuntu\n",
                      io.BytesIO(b"FROM ubuntu\n"), io.StringIO("FROM ubuntu\n")):
            built = Environment.from_dockerfile("x", given, conda_specification=conda)
            self.assertEqual((built.docker.base_dockerfile, built.python.conda_dependencies.conda_packages), ("FROM ubuntu\n", ["numpy"]))
        with self.assertWarnsRegex(UserWarning, "base_dockerfile is cleared"):
            built.docker.base_image = "debian"
        self.assertIsNone(built.docker.base_dockerfile)
        with self.assertWarnsRegex(UserWarning, "base_image is cleared"):
            built.docker.base_dockerfile = "FROM x\n"
        self.assertIsNone(built.docker.base_image)
        with self.refused(UserErrorException, "base_dockerfile", "gone"):
            Environment.from_dockerfile("x", "gone/Dockerfile")
        with self.refused(UserErrorException, "not both"):
            Environment.from_dockerfile("x", "FROM x\n", conda, requirements)
        with self.refused(UserErrorException, "build_context"):
            built.docker.build_context = object()

    def test_what_is_not_known_is_refused_by_name(self):
        environment = Environment("x")
        for where, section, name in (("environment.docker.base_imag", environment.docker, "base_imag"),
                                     ("environment.python.conda_dependancies", environment.python, "conda_dependancies"),
                                     ("environment.spark", environment, "spark"),
                                     ("environment.docker.platform.arch", environment.docker.platform, "arch"),
                                     ("environment.docker.base_image_registry.pass", environment.docker.base_image_registry, "pass")):
            with self.refused(UserErrorException, where + ": there is no such setting. There are "):
                setattr(section, name, "x")
        with self.refused(UserErrorException, "'pip_package'"):
            environment.python.conda_dependencies.pip_package = ["six"]
        with self.refused(UserErrorException, "environment.python.conda_dependencies"):
            environment.python.conda_dependencies = ["six"]
            environment.register(self.workspace())
        with self.refused(UserErrorException, "base_conda_environment"):
            environment = Environment("x")
            environment.python.base_conda_environment = "base"
            environment.register(self.workspace())
        environment.inferencing_stack_version = "latest"
        environment.python.conda_dependencies_file = self.write("c.yml", "dependencies:\n- numpy\n")
        self.assertEqual(environment.python.conda_dependencies.conda_packages, ["numpy"])

    def test_kept_as_files_and_read_again(self):
        environment = Environment.from_dockerfile("x", "FROM ubuntu\n")
        environment.environment_variables = {"A": "1"}
        packages = CondaDependencies.create(python_version="3.8", conda_packages=["numpy=1.19", "pip=20"])
        packages.add_channel("conda-forge")
        packages.set_pip_requirements(["-c " + self.write("pins.txt", "attrs<23\n"), "--extra-index-url https://example.org",
                                       "git+https://example.org/a.git#egg=a", "six; python_version < '3'"])
        environment.python.conda_dependencies = packages
        environment.save_to_directory("kept")
        self.assertEqual(sorted(os.listdir("kept")), ["BaseDockerfile", "azureml_environment.json", "conda_dependencies.yml",
                                                      "pip_constraints.txt"])
        with self.refused(UserErrorException, "overwrite=True"):
            environment.save_to_directory("kept")
        loaded = Environment.load_from_directory("kept")
        self.assertEqual(loaded._definition(True), environment._definition(True))
        environment.docker.base_dockerfile = None
        environment.save_to_directory("kept", overwrite=True)
        self.assertIsNone(Environment.load_from_directory("kept").docker.base_dockerfile)
        for path, content in (("gone", None), ("bad", "{"), ("list", "[]")):
            if content:
                self.write(path + "/azureml_environment.json", content)
            with self.refused(UserErrorException, path):
                Environment.load_from_directory(path)

    def test_of_a_conda_environment_that_is_there(self):
        exported = "name: there\ndependencies:\n  - python=3.8.13\n  - numpy=1.19.2\n  - pip:\n    - six==1.16.0\nprefix: /opt/there"
        conda = self.write("bin/conda", "#!/bin/sh\n[ \"$5\" = there ] && echo '{}' && exit\necho EnvironmentLocationNotFound: Not a conda "
                                        "environment >&2\nexit 1\n".format(exported))
        os.chmod(conda, 0o755)
        os.environ["CONDA_EXE"] = conda
        environment = Environment.from_existing_conda_environment("mine", "there")
        packages = environment.python.conda_dependencies
        self.assertEqual((packages.python_version, packages.conda_packages, packages.pip_packages),
                         ("3.8.13", ["python=3.8.13", "numpy=1.19.2"], ["six==1.16.0"]))
        self.assertIsNone(Environment.from_existing_conda_environment("mine", "gone"))
        os.environ["CONDA_EXE"] = os.path.join(self.work, "nowhere")
        with self.refused(UserErrorException, "nowhere"):
            Environment.from_existing_conda_environment("mine", "there")

    def test_azures_names_are_the_same_classes(self):
        self.assertIs(AzureEnvironment, Environment)
        environment = Environment("x")
        clone = environment.clone("y")
        clone.docker.arguments.append("--x")
        self.assertEqual(environment.docker.arguments, [])
        with self.refused(UserErrorException, "new_name"):
            environment.clone("")


class RequirementsTest(Case):
    def lines(self, text, name="requirements.txt"):
        return Environment.from_pip_requirements("x", self.write(name, text)).python.conda_dependencies

    def test_lines_stay_as_they_are_and_in_order(self):
        lines = ["--index-url https://x", "git+https://x/a.git@main#egg=a", "git+https://x/b.git", "https://x/a-1.0-py3-none-any.whl",
                 "https://x/b-1.0-py3-none-any.whl", "torch==1.6.0; python_version < '3.7'", "torch==2.0; python_version >= '3.7'",
                 "pillow[extra] == 9.4.0", "--extra-index-url https://y", "-r https://x/more.txt", "-c https://x/pins.txt"]
        packages = self.lines("".join(line + "\n" for line in lines))
        self.assertEqual(packages._pip, lines)
        self.assertEqual(packages.pip_packages, lines[1:8])
        self.assertEqual(packages.pip_options, [lines[0]] + lines[8:])
        again = CondaDependencies(packages.save("c.yml"))
        self.assertEqual(again._pip, lines)

    def test_comments_continued_lines_and_hashes(self):
        packages = self.lines("# c\ntorch==2.0  # d\n\nsix==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nx@https://x#egg=x\n")
        self.assertEqual(packages.pip_packages, ["torch==2.0", "six==1.0     --hash=sha256:aa     --hash=sha256:bb", "x@https://x#egg=x"])

    def test_other_files_are_read_and_paths_made_absolute(self):
        self.write("sub/more.txt",
                   "pillow==9.4.0\n-c pins.txt\n./wheels/x-1.0-py3-none-any.whl[gpu] ; python_version < '4'\n-e ../package\n")
        self.write("sub/pins.txt", "numpy<2\n")
        packages = self.lines("-r sub/more.txt\n--find-links wheels\nfoo @ file:///abs/foo.whl\n")
        self.assertEqual(packages._pip, ["pillow==9.4.0",
                                         os.path.join(self.work, "sub/wheels/x-1.0-py3-none-any.whl") + "[gpu] ; python_version < '4'",
                                         "-e " + os.path.join(self.work, "package"), "--find-links " + os.path.join(self.work, "wheels"),
                                         "foo @ file:///abs/foo.whl"])
        self.assertEqual(packages._constraints, ["numpy<2"])

    def test_in_a_conda_file_too(self):
        self.write("more.txt", "six\n")
        path = self.write("conda.yml", "dependencies:\n- pip:\n  - -r more.txt\n  - git+https://x/a.git\n  - git+https://x/b.git\n"
                                       "  - ./here.whl\n  - '--extra-index-url https://x'\n")
        packages = Environment.from_conda_specification("x", path).python.conda_dependencies
        self.assertEqual(packages._pip, ["six", "git+https://x/a.git", "git+https://x/b.git", os.path.join(self.work, "here.whl"),
                                         "--extra-index-url https://x"])

    def test_what_cannot_be_read(self):
        for text, words in (("-r gone.txt\n", "gone.txt"), ("-c gone.txt\n", "gone.txt"), ("-r requirements.txt\n", "10 deep")):
            with self.refused(UserErrorException, words):
                self.lines(text)
        with self.refused(UserErrorException, "cannot be read"):
            Environment.from_pip_requirements("x", "gone.txt")
        with self.refused(UserErrorException, "not UTF-8"):
            Environment.from_pip_requirements("x", self.write("bad.txt", b"\xff"))
        with self.refused(UserErrorException, "more than"):
            Environment.from_pip_requirements("x", self.write("long.txt", b"a\n" * (1 << 20)))

    def test_adding_and_removing(self):
        packages = CondaDependencies.create(pip_indexurl="https://x/simple", pip_packages=[
            "git+https://x/a.git", "git+https://x/b.git", "torch==1.6; python_version < '3.7'", "Torch_x==1"])
        packages.add_pip_package("torch==2.0; python_version >= '3.7'")
        packages.add_pip_package("torch-x[gpu]==2")
        self.assertEqual(packages.pip_packages, ["git+https://x/a.git", "git+https://x/b.git", "torch==1.6; python_version < '3.7'",
                                                 "torch-x[gpu]==2", "torch==2.0; python_version >= '3.7'"])
        packages.remove_pip_package("torch")
        packages.remove_pip_package("git+https://x/a.git")
        self.assertEqual(packages.pip_packages, ["git+https://x/b.git", "torch-x[gpu]==2"])
        packages.set_pip_option("--extra-index-url https://y")
        packages.set_pip_index_url("--index-url https://z")
        self.assertEqual(packages.pip_options, ["--extra-index-url https://y", "--index-url https://z"])
        packages.remove_pip_option("--extra-index-url")
        self.assertEqual(packages.pip_options, ["--index-url https://z"])
        with self.refused(UserErrorException, "pip_option"):
            packages.set_pip_option("six")
        packages.set_pip_requirements(["attrs"])
        self.assertEqual(packages._pip, ["attrs"])
        self.assertEqual(packages.as_dict(), {"dependencies": [{"pip": ["attrs"]}]})
        self.assertEqual(CondaDependencies.merge_requirements(["six>=1", "attrs", "six<2", "git+https://x", "six<2 ; a == 'b'"]),
                         ["six>=1,<2", "attrs", "git+https://x", "six<2 ; a == 'b'"])


class BuildTest(ServerCase):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace()
        self.environment = Environment("torch")
        self.environment.python.conda_dependencies.add_pip_package("torch")

    def end(self, status, log, error=None):
        self.state.builds["torch"] = {"status": status, "log": log, "error": error}

    def test_a_build_is_begun_once_and_followed(self):
        build = self.environment.build(self.ws)
        self.assertEqual((build.status, build.environment.version), ("Running", "1"))
        self.end("ready", "$ pip install\nbuilt: \u00e4\n")
        with self.printed() as (out, _):
            self.assertIs(build.wait_for_completion(), build)
        self.assertEqual(out.getvalue(), build.get_log())
        self.assertEqual(build.status, "Succeeded")
        details = build.environment.get_image_details(self.ws)
        self.assertEqual((details["status"], details["builder"]), ("ready", "venv"))
        self.assertNotIn("log", details)

    def test_a_build_that_fails_says_why(self):
        self.environment.build(self.ws)
        self.end("failed", "no\n", {"detail": "the package 'torch' could not be installed", "hint": "try another"})
        with self.printed(), self.refused(ActivityFailedException, "'torch' could not be installed"):
            self.environment.build_local(self.ws)
        with self.refused(ProjectSystemException, "never"):
            Environment("never").get_image_details(self.ws)
