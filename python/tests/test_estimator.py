"""Estimators: what becomes of each parameter of the documents of 2018 and 2019, and what cannot go together."""
import subprocess
import sys
import os

from server_case import ServerCase
from support import PYTHON

from muster import Dataset, Environment, Experiment
from muster.estimator import Estimator, Gloo, Mpi, PyTorch
from muster.exceptions import TrainingException, UserErrorException
from muster.runconfig import MpiConfiguration


class EstimatorTest(ServerCase):
    def setUp(self):
        super().setUp()
        self.write("src/train.py", "pass")
        self.state.targets["cluster"] = dict(self.state.targets["local"], name="cluster", type="AmlCompute", max_nodes=4)
        curated = Environment("AzureML-PyTorch-1.4-GPU")
        curated.python.conda_dependencies.add_pip_package("torch==1.4.0")
        curated.register(self.workspace())

    def submitted(self, kind=PyTorch, **given):
        with self.printed():
            estimator = kind(source_directory="src", **{"compute_target": "cluster", "entry_script": "train.py", "use_gpu": True, **given})
            Experiment(self.workspace(), "e").submit(estimator)
        return self.state.submitted[-1]

    def test_script_params_become_arguments(self):
        body = self.submitted(script_params={"--epochs": 30, "--verbose": "", "--out": "./outputs"})
        self.assertEqual((body["script"], body["arguments"]), ("train.py", ["--epochs", "30", "--verbose", "--out", "./outputs"]))
        self.assertEqual((body["environment"]["name"], body["environment"]["version"]), ("AzureML-PyTorch-1.4-GPU", "1"))
        self.assertEqual((body["compute_target"], body["node_count"], "distribution" in body), ("cluster", 1, False))

    def test_packages_are_added_under_another_name(self):
        body = self.submitted(pip_packages=["pillow==5.4.1"])
        self.assertEqual(body["environment"]["name"], "PyTorch-1.4-GPU-with-packages")
        self.assertNotIn("version", body["environment"])
        self.assertEqual(body["environment"]["python"]["pip_packages"], ["torch==1.4.0", "pillow==5.4.1"])

    def test_each_way_to_say_how_processes_start(self):
        two = {"node_count": 2}
        mpi = {"type": "mpi", "process_count_per_node": 1}
        for given, expected in ((dict(two, distributed_backend="mpi"), mpi), (dict(two, distributed_training=MpiConfiguration()), mpi),
                                (dict(two, distributed_training=Mpi(process_count_per_node=3)), dict(mpi, process_count_per_node=3)),
                                (dict(two, distributed_training=Gloo()), {"type": "pytorch", "process_count": 2, "backend": "gloo"}),
                                (dict(two, distributed_backend="nccl"), {"type": "pytorch", "process_count": 2, "backend": "nccl"})):
            body = self.submitted(**given)
            self.assertEqual((body["distribution"], body["node_count"]), (expected, 2), given)

    def test_inputs_are_there_by_name(self):
        datastore = self.workspace().get_default_datastore()
        self.write("data/a.txt", "a")
        with self.printed():
            datastore.upload("data", "birds")
        dataset = Dataset.File.from_files((datastore, "birds"))
        body = self.submitted(inputs=[dataset.as_named_input("birds").as_mount(), datastore.path("old", "more").as_download()],
                              script_params={"--birds": dataset.as_named_input("birds").as_mount()})
        self.assertEqual({name: one["mode"] for name, one in body["inputs"].items()}, {"birds": "mount", "more": "download"})
        for words, inputs in (("two are named birds", [dataset.as_named_input("birds")] * 2), ("as_named_input", ["birds"]),
                              ("as_named_input", [3])):
            with self.assertRaisesRegex(TrainingException, words):
                self.submitted(inputs=inputs)
        with self.assertRaisesRegex(UserErrorException, "as_named_input"):
            self.submitted(inputs=[dataset])

    def test_the_plain_estimator(self):
        body = self.submitted(Estimator, conda_packages=["python=3.8"], pip_packages=["scikit-learn"], environment_variables={"A": 1},
                              max_run_duration_seconds=60)
        self.assertEqual(body["environment"]["python"]["pip_packages"], ["scikit-learn"])
        self.assertEqual((body["environment_variables"], body["max_run_duration_seconds"]), ({"A": "1"}, 60))

    def test_what_cannot_be(self):
        for words, given in (
                ("distributed_training", {"node_count": 2}),
                ("distributed_backend", {"node_count": 2, "distributed_backend": "udp"}),
                ("distributed_backend", {"distributed_backend": "mpi", "distributed_training": Mpi()}),
                ("\"local\" has one node", {"node_count": 2, "distributed_backend": "mpi", "compute_target": "local"}),
                ("compute_target", {"compute_target": None}),
                ("vm_size", {"compute_target": None, "vm_size": "STANDARD_NC6"}),
                ("pip_packages", {"environment_definition": Environment("mine"), "pip_packages": ["six"]}),
                ("AzureML-PyTorch-9.9-GPU.*environment override", {"framework_version": "9.9"}),
                ("entry_script", {"entry_script": None})):
            with self.assertRaisesRegex(TrainingException, words):
                self.submitted(**given)
        self.assertEqual(self.state.submitted, [])

    def test_what_to_write_instead_is_said_once(self):
        script = ("from azureml.train.dnn import PyTorch\n"
                  "for _ in range(2): PyTorch('src', compute_target='local', entry_script='train.py', script_params={'--a': 1})\n")
        done = subprocess.run([sys.executable, "-c", script], env=dict(os.environ, PYTHONPATH=PYTHON), stderr=subprocess.PIPE, check=True)
        said = done.stderr.decode()
        self.assertEqual(said.count("deprecated"), 1)
        self.assertIn("arguments=['--a', 1]", said)
        self.assertIn("environment=Environment.get(ws, 'AzureML-PyTorch-1.4-CPU')", said)
