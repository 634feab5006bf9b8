"""Run configurations as files: what is saved is loaded, what Azure's SDK wrote is understood, and what is not read is named."""
import json
import os

from server_case import ServerCase
from support import Case

from muster import Environment, Experiment, MpiConfiguration, PyTorchConfiguration, RunConfiguration, ScriptRunConfig
from muster._yaml import read_yaml, write_yaml
from muster.exceptions import RunConfigurationException, UserErrorException

# In the form that azureml-core 1.x writes, with the keys it has for other kinds of jobs.
AZURES = """
# The script to run.
script: train.py
# The arguments to the script file.
arguments:
- --data
- $DATA
- '--rate=1e-3'
target: gpu-cluster
framework: PyTorch
communicator: Nccl
maxRunDurationSeconds: 3600
nodeCount: 2
priority:
environment:
  name: birds
  version:
  python:
    userManagedDependencies: false
    interpreterPath: python
    condaDependencies:
      channels:
      - conda-forge
      dependencies:
      - python=3.8
      - pip:
        - numpy==1.24.0
        - "pillow>=8"
  environmentVariables: {EXAMPLE_ENV_VAR: 'it''s'}
  docker:
    enabled: true
    baseImage: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04
    shmSize: 2g
    arguments: []
  spark:
    repositories: []
    packages:
    - group: com.microsoft.ml.spark
      artifact: mmlspark_2.11
      version: '0.12'
history:
  outputCollection: true
  directoriesToWatch:
  - logs
pytorch:
  communicationBackend: nccl
  processCount: 4
  nodeCount: 2
tensorflow:
  workerCount: 1
dataReferences:
  images:
    dataStoreName: workspaceblobstore
    pathOnDataStore: birds/images
    mode: download
    overwrite: false
amlcompute:
  vmSize:
data: {}
credentialPassthrough: false
"""


class YamlTest(Case):
    def test_what_is_written_is_read(self):
        for value in ({"a": 1, "b": [1, -2.5, True, None, "x"], "c": {"d": {"e": []}, "f": {}}},
                      [{"a": [["x", "y"], []], "b": "#1"}, "- x", "a: b", "'", '"\\', "", "null", "yes", "1", "1.5", " x ", "äöü\n",
                       "$A/b"],
                      "text", 3, {"a b": {"c-d": "x"}}):
            self.assertEqual(read_yaml(write_yaml(value), "it"), value, write_yaml(value))

    def test_what_is_not_read_is_named_by_its_line(self):
        for line, text in ((2, "a: 1\nb: *c"), (1, "a: !!python/object x"), (1, "a: |\n  text"), (3, "a:\n  b: 1\n c: 2"),
                           (2, "a: 1\na: 2"),
                           (1, "a: [1, 2"), (1, "a: 'x"), (1, 'a: "x\\q"'), (2, "a: 1\njust words"), (1, "a: " + "[" * 100),
                           (1, "a: {b}"), (1, "a: 'x' y"), (41, "".join("{}a:\n".format(" " * depth) for depth in range(60)))):
            with self.refused(UserErrorException, "it, line {}".format(line)):
                read_yaml(text, "it")


class FilesTest(ServerCase):
    def submitted(self, config):
        self.write("src/train.py", "pass")
        self.state.targets["gpu-cluster"] = dict(self.state.targets["local"], name="gpu-cluster", type="AmlCompute", max_nodes=4)
        Experiment(self.workspace(), "e").submit(ScriptRunConfig("src", run_config=config))
        body = dict(self.state.submitted[-1])
        return {key: value for key, value in body.items() if key not in ("snapshot_id", "properties")}

    def configs(self):
        config = RunConfiguration("train.py", ["--rate", "0.1", "# a: 'b'"])
        yield config
        config = RunConfiguration(command="python train.py && ls")
        config.target, config.max_run_duration_seconds, config.priority = "gpu-cluster", 60, 3
        config.environment_variables = {"A": "1", "EMPTY": ""}
        config.distributed_job_config = PyTorchConfiguration("Gloo", 4, 2)
        yield config
        config = RunConfiguration("train.py")
        config.target, config.distributed_job_config = "gpu-cluster", MpiConfiguration(2, 3)
        environment = config.environment = Environment("birds")
        environment.python.conda_dependencies.set_pip_requirements(["numpy==1.24.0 ; python_version < '3.9'", "--index-url https://x/y",
                                                                    "git+https://g/p.git#egg=p"])
        environment.python.conda_dependencies.add_conda_package("python=3.8")
        environment.environment_variables = {"B": "2"}
        config.data_references["images"] = self.workspace().get_default_datastore().path("birds", "images").as_download()
        yield config
        config = RunConfiguration("train.py")
        config.environment = Environment("mine")
        config.environment.python.user_managed_dependencies = True
        config.environment.python.interpreter_path = "/opt/python"
        config.environment.docker.base_image = "mcr.microsoft.com/azureml/base"
        yield config

    def test_what_is_saved_submits_the_same(self):
        self.state.files = {}
        for index, config in enumerate(self.configs()):
            name = "c{}".format(index)
            config.save("src", name)
            loaded = RunConfiguration.load("src", name)
            self.assertEqual((loaded.name, os.path.exists("src/.azureml/{}.runconfig".format(name))), (name, True))
            self.assertEqual(self.submitted(loaded), self.submitted(config))
            loaded.save("other.runconfig")
            self.assertEqual(self.submitted(RunConfiguration.load("other.runconfig")), self.submitted(config))
        RunConfiguration.delete("src", "c0")
        with self.refused(UserErrorException, "c0.runconfig", "cannot be removed"):
            RunConfiguration.delete("src", "c0")

    def test_an_input_among_the_arguments_is_its_variable(self):
        config = RunConfiguration("train.py", ["--data", self.workspace().get_default_datastore().path("birds", "images").as_mount()])
        config.save(name="with-data", separate_environment_yaml=True)
        loaded = RunConfiguration.load(".", "with-data")
        self.assertEqual(loaded.arguments, ["--data", "$AZUREML_DATAREFERENCE_images"])
        self.assertEqual(loaded.data_references["images"]._wire(), {"datastore": "workspaceblobstore", "path": "birds", "mode": "mount"})
        self.assertTrue(os.path.exists(".azureml/conda_dependencies.yml"))

    def test_azures_are_read(self):
        self.write("p/.azureml/train.runconfig", AZURES)
        config = RunConfiguration.load("p", "train")
        self.assertEqual((config.script, config.arguments, config.target), ("train.py", ["--data", "$DATA", "--rate=1e-3"], "gpu-cluster"))
        self.assertEqual((config._distribution()._distribution(), config._distribution().node_count),
                         ({"type": "pytorch", "process_count": 4, "backend": "nccl"}, 2))
        environment = config.environment
        self.assertEqual(environment.python.conda_dependencies.as_dict(), {
            "channels": ["conda-forge"], "dependencies": ["python=3.8", {"pip": ["numpy==1.24.0", "pillow>=8"]}]})
        self.assertEqual((environment.name, environment.version, environment.environment_variables),
                         ("birds", None, {"EXAMPLE_ENV_VAR": "it's"}))
        self.assertEqual(config.data_references["images"]._wire(), {"datastore": "workspaceblobstore", "path": "birds/images",
                                                                    "mode": "download"})
        self.assertEqual(config.max_run_duration_seconds, 3600)

    def test_what_cannot_be_read_is_named(self):
        for content, kind, words in (
                ("script: train.py\nscrpt: x", UserErrorException, ("scrpt",)), ("- a", UserErrorException, ("no keys",)),
                ("script: train.py\nframework: TensorFlow", RunConfigurationException, ("TF_CONFIG",)),
                ("script: train.py\nmpi: 3", UserErrorException, ("mpi",)), ("script: a: b", UserErrorException, ("line 1",)),
                ("script: a.py\noutputData: {out: {mechanism: upload}}", UserErrorException, ("outputData",))):
            self.write("bad.runconfig", content)
            with self.refused(kind, *words):
                RunConfiguration.load("bad.runconfig")
        with self.refused(UserErrorException, "nothing.runconfig", "cannot be read"):
            RunConfiguration.load(".", "nothing")
        for name in ("a/b", "", ".x", 3):
            with self.refused(UserErrorException, "name"):
                RunConfiguration.load(".", name)
        with self.refused(UserErrorException, "name"):
            RunConfiguration("train.py").save()
        self.assertEqual(json.dumps(os.listdir(".")), '["bad.runconfig"]')
