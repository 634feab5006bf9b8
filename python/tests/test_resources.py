"""Compute targets and models; and the seeds' own sequence."""
import os
import subprocess
import sys

from server_case import ServerCase
from support import PYTHON

from muster import AmlCompute, ComputeTarget, Model
from muster.exceptions import ComputeTargetException, ModelNotFoundException, UserErrorException, WebserviceException

RUN = "birds_1795230131_0a1b2c3d"


class ComputeTest(ServerCase):
    def test_create_wait_look_delete(self):
        workspace = self.workspace()
        with self.refused(ComputeTargetException, "ComputeTargetNotFound: Compute Target with name gpu-cluster not found"):
            ComputeTarget(workspace=workspace, name="gpu-cluster")
        config = AmlCompute.provisioning_configuration(vm_size="STANDARD_NC6", max_nodes=4, vnet_name="ignored")
        target = ComputeTarget.create(workspace, "gpu-cluster", config)
        with self.printed() as (out, _):
            target.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)
        self.assertIn("AmlCompute wait for completion finished\n\nMinimum number of nodes requested have been provisioned\n",
                      out.getvalue())
        self.assertIsInstance(ComputeTarget(workspace, "gpu-cluster"), AmlCompute)
        status = target.get_status().serialize()
        self.assertEqual((status["currentNodeCount"], status["allocationState"], status["vmPriority"]), (0, "Steady", "Dedicated"))
        self.assertEqual(status["scaleSettings"], {"minNodeCount": 0, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT1800S"})
        self.assertEqual(sorted(status["nodeStateCounts"]), ["idleNodeCount", "leavingNodeCount", "preemptedNodeCount",
                                                            "preparingNodeCount", "runningNodeCount", "unusableNodeCount"])
        target.update(max_nodes=2)
        self.assertEqual(target.get_status().serialize()["scaleSettings"]["maxNodeCount"], 2)
        self.assertEqual(sorted(workspace.compute_targets), ["gpu-cluster", "local"])
        with self.refused(ComputeTargetException, "There is a compute target"):
            ComputeTarget.create(workspace, "gpu-cluster", config)
        target.delete()
        self.assertEqual(list(workspace.compute_targets), ["local"])

    def test_nodes_there_and_wanted_are_not_shown_as_a_part_of_a_whole(self):
        target = ComputeTarget.create(self.workspace(), "c", AmlCompute.provisioning_configuration(min_nodes=0, max_nodes=4))
        for nodes, wanted, line in ((1, None, "Succeeded, 1 node"), (2, 1, "Succeeded, 2 nodes, at least 1 wanted")):
            self.state.targets["c"]["current_node_count"] = nodes
            with self.printed() as (out, _):
                target.wait_for_completion(show_output=True, min_node_count=wanted)
            self.assertEqual(out.getvalue().splitlines()[0], line)

    def test_waiting_ends_when_there_are_nodes_or_time_is_up_or_it_failed(self):
        target = ComputeTarget.create(self.workspace(), "c", AmlCompute.provisioning_configuration(min_nodes=1, max_nodes=1))
        self.state.targets["c"]["current_node_count"] = 0
        with self.printed() as (out, _):
            target.wait_for_completion(show_output=True, timeout_in_minutes=0.0005)
        self.assertIn("Wait timeout has been reached", out.getvalue())
        self.state.targets["c"]["provisioning_state"] = "Failed"
        with self.refused(ComputeTargetException, "it is Failed"):
            target.wait_for_completion()

    def test_an_engine_and_what_it_is_told(self):
        config = AmlCompute.provisioning_configuration(max_nodes=1, engine="slurm", engine_options={"partition": "cpu"})
        target = ComputeTarget.create(self.workspace(), "c", config)
        self.assertEqual(self.state.targets["c"]["engine"], "slurm")
        self.assertEqual((target.engine, target.engine_options), ("slurm", {"partition": "cpu"}))

    def test_what_is_refused(self):
        for options, text in (({}, "max_nodes: must be given"), ({"max_nodes": -1}, "max_nodes"),
                              ({"max_nodes": 1, "min_nodes": 2}, "less than"),
                              ({"max_nodes": "4"}, "max_nodes: '4'"), ({"max_nodes": 1, "vm_priority": "low"}, "vm_priority")):
            with self.refused(ComputeTargetException, text):
                AmlCompute.provisioning_configuration(**options)
        with self.refused(UserErrorException, "reserved"):
            ComputeTarget.create(self.workspace(), "local", AmlCompute.provisioning_configuration(max_nodes=1))


class ModelTest(ServerCase):
    def register(self, path, **more):
        with self.printed() as (out, _):
            model = Model.register(self.workspace(), path, "m", **more)
        self.assertIn("Registering model m\n", out.getvalue())
        return model

    def test_a_file_and_a_folder(self):
        model = self.register(self.write("model.pt", "weights"), tags={"a": 1}, description="d", model_framework=Model.Framework.PYTORCH,
                              model_framework_version="2.0")
        self.assertEqual((model.version, model.tags, model.description, model.model_framework), (1, {"a": "1"}, "d", "PyTorch"))
        self.write("tree/a.txt", "a")
        self.write("tree/sub/b.txt", "b")
        self.assertEqual(self.register("tree/").version, 2)
        workspace = self.workspace()
        with self.printed():
            path = Model(workspace, "m", version=1).download("one")
            self.assertEqual(path, os.path.join("one", "model.pt"))
            with self.printed() as (_, err):
                self.assertEqual(Model(workspace, "m").download("two"), os.path.join("two", "tree"))
            self.assertRegex(err.getvalue(), r"^Downloading m:2 \(2 files\): 2 bytes in [0-9.]+ s\n$")
        with open("two/tree/sub/b.txt") as file:
            self.assertEqual(file.read(), "b")
        with self.refused(WebserviceException, "exists", "exist_ok"):
            Model(workspace, "m").download("two")
        self.assertEqual(Model(workspace, "m").download("two", exist_ok=True), os.path.join("two", "tree"))
        for content in ("x", "other"):  # as long as the model's file, and longer
            self.write("two/tree/a.txt", content)
            with self.printed():
                Model(workspace, "m").download("two", exist_ok=True)
            with open("two/tree/a.txt") as file:
                self.assertEqual(file.read(), "a")

    def test_find_change_delete(self):
        workspace = self.workspace()
        path = self.write("model.pt", "weights")
        self.register(path, tags={"stage": "old"})
        self.register(path)
        self.assertEqual([model.id for model in Model.list(workspace)], ["m:2", "m:1"])
        self.assertEqual([model.id for model in Model.list(workspace, tags=["stage"])], ["m:1"])
        self.assertEqual([model.id for model in Model.list(workspace, tags=[["stage", "new"]])], [])
        self.assertEqual(workspace.models["m"].version, 2)
        model = Model(workspace, "m", tags=["stage"])
        self.assertEqual((model.version, Model(workspace, id="m:2").version), (1, 2))
        model.add_tags({"x": 1})
        model.remove_tags("stage")
        model.update(description="new")
        self.assertEqual((model.tags, Model(workspace, "m", version=1).description), ({"x": "1"}, "new"))
        model.delete()
        self.assertEqual([model.id for model in Model.list(workspace)], ["m:2"])
        with self.refused(WebserviceException, "ModelNotFound"):
            Model(workspace, "m", version=1)
        with self.refused(WebserviceException, "ModelNotFound"):
            Model(workspace, "other")
        with self.refused(WebserviceException, "ModelNotFound"):
            Model(workspace, "m", tags=["stage"])

    def test_what_is_refused(self):
        for path, text in (("gone", "neither a file nor a folder"), (os.path.dirname(self.write("d/.x")) + "/../empty", "neither")):
            with self.printed(), self.refused(WebserviceException, text):
                Model.register(self.workspace(), path, "m")
        os.mkdir("empty")
        with self.printed(), self.refused(WebserviceException, "has no files"):
            Model.register(self.workspace(), "empty", "m")
        with self.refused(WebserviceException, "model_framework: must be given"):
            Model.register(self.workspace(), "empty", "m", model_framework_version="1")

    def test_model_path(self):
        workspace = self.workspace()
        self.register(self.write("model.pt", "weights"))
        with self.printed():
            path = Model.get_model_path("m", _workspace=workspace)
        self.assertEqual(path, os.path.join("azureml-models", "m", "1", "model.pt"))
        self.assertEqual(Model.get_model_path("m", _workspace=workspace), path)
        with self.refused(ModelNotFoundException, "Model not found"):
            Model.get_model_path("other", _workspace=workspace)
        os.environ["AZUREML_MODEL_DIR"] = os.path.join("azureml-models", "m", "1")
        self.assertEqual(Model.get_model_path("m"), path)


SEED = '''
from azureml.core.workspace import Workspace
from azureml.core import Experiment
from azureml.core import Environment
from azureml.core.compute import ComputeTarget, AmlCompute
from azureml.core.compute_target import ComputeTargetException

ws = Workspace.from_config()
cluster_name = "gpu-cluster"
try:
    compute_target = ComputeTarget(workspace=ws, name=cluster_name)
    print('Found existing compute target')
except ComputeTargetException:
    print('Creating a new compute target...')
    compute_config = AmlCompute.provisioning_configuration(vm_size='STANDARD_NC6', max_nodes=4)
    compute_target = ComputeTarget.create(ws, cluster_name, compute_config)
    compute_target.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)
print(compute_target.get_status().serialize())

pytorch_env = Environment.from_conda_specification(name='pytorch-1.6-gpu', file_path='./conda_dependencies.yml')

from azureml.core import ScriptRunConfig
src = ScriptRunConfig(source_directory='.', script='train.py', arguments=['--num_epochs', 30, '--output_dir', './outputs'],
                      compute_target=compute_target, environment=pytorch_env)
run = Experiment(ws, name='pytorch-birds').submit(src)
run.wait_for_completion(show_output=True)
model = run.register_model(model_name='pytorch-birds', model_path='outputs/model.pt')
print(model.name, model.id, model.version, sep='\\t')
import os
os.makedirs('./model', exist_ok=True)
run.download_file(name='outputs/model.pt', output_file_path='./model/model.pt'),
'''


class SeedTest(ServerCase):
    def test_the_submitting_script(self):
        self.write("config.json", '{"subscription_id": "s", "resource_group": "g", "workspace_name": "default"}')
        self.write("train.py", "pass")
        self.write("conda_dependencies.yml",
                   "channels:\n  - conda-forge\ndependencies:\n  - python=3.6.2\n  - pip:\n    - azureml-defaults\n"
                   "    - torch==1.6.0\n")
        self.state.artifacts["pytorch-birds_1795230131_00000001"] = {"outputs/model.pt": b"weights"}
        environment = dict(os.environ, PYTHONPATH=PYTHON)
        done = subprocess.run([sys.executable, "-W", "error", "-c", SEED], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertIn(b"pytorch-birds\tpytorch-birds:1\t1", done.stdout)
        with open("model/model.pt", "rb") as file:
            self.assertEqual(file.read(), b"weights")
        self.assertEqual(self.state.submitted[0]["environment"]["python"]["pip_packages"], ["azureml-defaults", "torch==1.6.0"])
        self.assertEqual(self.state.submitted[0]["compute_target"], "gpu-cluster")
