"""The names of Azure ML's SDK v1: all can be imported, those not supported say so when used, and what would be dropped is refused."""
import importlib
import os
import subprocess
import sys
import warnings

from server_case import ServerCase
from support import PYTHON, Case

from muster import Experiment, Model, MpiConfiguration, PyTorchConfiguration, RunConfiguration, ScriptRunConfig, Workspace
from muster.compute import AmlCompute
from muster.exceptions import RunConfigurationException, UserErrorException

MODULES = {
    "azureml.contrib.notebook": "NotebookRunConfig NotebookRunnerStep",
    "azureml.contrib.pipeline.steps": "ParallelRunConfig ParallelRunStep",
    "azureml.contrib.services": "AMLRequest AMLResponse rawhttp",
    "azureml.contrib.tensorboard": "Tensorboard",
    "azureml.core": "ComputeTarget ContainerImage Environment Experiment Image Keyvault Model Run RunConfiguration ScriptRun "
                    "ScriptRunConfig VERSION Webservice Workspace",
    "azureml.core.authentication": "AzureCliAuthentication InteractiveLoginAuthentication MsiAuthentication ServicePrincipalAuthentication",
    "azureml.core.compute": "AksCompute AmlCompute ComputeInstance ComputeTarget DatabricksCompute RemoteCompute",
    "azureml.core.compute_target": "ComputeTargetException",
    "azureml.core.conda_dependencies": "CondaDependencies",
    "azureml.core.environment": "CondaDependencies Environment",
    "azureml.core.experiment": "Experiment",
    "azureml.core.image": "ContainerImage Image",
    "azureml.core.keyvault": "Keyvault",
    "azureml.core.model": "InferenceConfig Model",
    "azureml.core.run": "Run _OfflineRun _SubmittedRun",
    "azureml.core.runconfig": "CondaDependencies DEFAULT_CPU_IMAGE DEFAULT_GPU_IMAGE DockerConfiguration MpiConfiguration "
                              "PyTorchConfiguration RunConfiguration TensorflowConfiguration",
    "azureml.core.script_run": "ScriptRun",
    "azureml.core.script_run_config": "ScriptRunConfig",
    "azureml.core.webservice": "AciWebservice AksWebservice LocalWebservice Webservice",
    "azureml.core.workspace": "Workspace",
    "azureml.exceptions": "ActivityFailedException AzureMLException ComputeTargetException UserErrorException",
    "azureml.opendatasets": "Diabetes MNIST NycTlcGreen",
    "azureml.pipeline.core": "Pipeline PipelineData PipelineParameter PublishedPipeline StepSequence",
    "azureml.pipeline.steps": "EstimatorStep HyperDriveStep ParallelRunStep PythonScriptStep",
    "azureml.tensorboard": "Tensorboard",
    "azureml.telemetry": "set_diagnostics_collection",
    "azureml.train.automl": "AutoMLConfig",
    "azureml.train.dnn": "Chainer Gloo Mpi Nccl PyTorch TensorFlow",
    "azureml.train.estimator": "Estimator",
    "azureml.train.hyperdrive": "BanditPolicy HyperDriveConfig PrimaryMetricGoal RandomParameterSampling choice loguniform uniform",
    "azureml.train.sklearn": "SKLearn",
    "azureml.widgets": "RunDetails",
}


class NamesTest(Case):
    def test_every_name_can_be_imported(self):
        for module, names in sorted(MODULES.items()):
            loaded = importlib.import_module(module)
            for name in names.split():
                self.assertTrue(hasattr(loaded, name), "{}.{}".format(module, name))
            for name in loaded.__all__ if hasattr(loaded, "__all__") else ():
                self.assertTrue(hasattr(loaded, name), "{}.{}".format(module, name))

    def test_what_is_not_supported_says_what_to_do_instead(self):
        from azureml.core.webservice import AciWebservice
        from azureml.pipeline.core import Pipeline
        from azureml.train.hyperdrive import PrimaryMetricGoal, uniform
        with self.assertRaisesRegex(UserErrorException, r"azureml\.pipeline\.core\.Pipeline: .*submit_child"):
            Pipeline(workspace=None, steps=[])
        with self.assertRaisesRegex(UserErrorException, r"hyperdrive\.uniform: .*get_runs"):
            uniform(0, 1)
        with self.assertRaisesRegex(UserErrorException, "PrimaryMetricGoal"):
            PrimaryMetricGoal.MAXIMIZE  # noqa: B018
        with self.assertRaisesRegex(UserErrorException, "Model.download"):
            AciWebservice.deploy_configuration(cpu_cores=1)
        self.assertNotIsInstance(3, AciWebservice)

    def test_a_version_guard_passes(self):
        from azureml.core import VERSION
        self.assertGreaterEqual(tuple(map(int, VERSION.split("."))), (1, 22, 0))

    def test_telemetry_is_accepted(self):
        from azureml.telemetry import set_diagnostics_collection
        set_diagnostics_collection(send_diagnostics=True)

    def test_signing_in_is_accepted_and_said_once_to_be_unused(self):
        script = ("from azureml.core.authentication import InteractiveLoginAuthentication, ServicePrincipalAuthentication\n"
                  "InteractiveLoginAuthentication(tenant_id='t', force=True)\n"
                  "ServicePrincipalAuthentication('t', 'id', 'password')\n")
        done = subprocess.run([sys.executable, "-c", script], env=dict(os.environ, PYTHONPATH=PYTHON), stderr=subprocess.PIPE, check=True)
        self.assertEqual(done.stderr.decode().count("accepted and unused"), 1, done.stderr)

    def test_settings_that_would_be_dropped_are_refused_by_name(self):
        config = RunConfiguration()
        with self.refused(UserErrorException, "run_config.nodecount", "node_count"):
            config.nodecount = 2
        with self.refused(UserErrorException, "PyTorchConfiguration.process_count_per_node"):
            PyTorchConfiguration().process_count_per_node = 2
        with self.refused(RunConfigurationException, "communicator", "'Mpy'"):
            config.communicator = "Mpy"
        with self.refused(RunConfigurationException, "TF_CONFIG"):
            config.framework = "TensorFlow"

    def test_a_communicator_launches_processes(self):
        config = RunConfiguration()
        self.assertIsNone(config._distribution())
        config.framework, config.communicator, config.node_count = "python", "IntelMpi", 3
        config.mpi.process_count_per_node = 2
        self.assertEqual((config._distribution()._distribution(), config._distribution().node_count),
                         ({"type": "mpi", "process_count_per_node": 2}, 3))
        config.communicator = "nccl"
        self.assertEqual(config._distribution()._distribution(), {"type": "pytorch", "process_count": None, "backend": "nccl"})
        config.distributed_job_config = MpiConfiguration()
        self.assertEqual(config._distribution()._distribution(), {"type": "mpi", "process_count_per_node": 1})


class ArgumentsTest(ServerCase):
    def test_unknown_arguments_are_refused_by_name(self):
        workspace = self.workspace()
        with self.assertRaisesRegex(TypeError, "tag"):
            Model.register(workspace, "model.pt", "m", tag={"a": "b"})
        with self.assertRaisesRegex(TypeError, "nodes"):
            AmlCompute.provisioning_configuration(max_nodes=1, nodes=2)
        with self.assertRaisesRegex(TypeError, "descripton"):
            Experiment(workspace, "e", descripton="x")
        with self.assertRaisesRegex(TypeError, "sever"):
            Workspace.get("default", sever="x")
        with self.assertRaisesRegex(TypeError, "argumnts"):
            ScriptRunConfig(".", script="train.py", argumnts=[])

    def test_what_concerns_azure_alone_is_ignored_with_one_warning(self):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for _ in range(2):
                AmlCompute.provisioning_configuration(max_nodes=1, subnet_name="s", admin_username="me")
        self.assertEqual([str(warning.message) for warning in caught], [
            "AmlCompute.provisioning_configuration: admin_username, subnet_name mean nothing to a server of your own, and are ignored."])

    def test_names_of_machines_are_labels(self):
        names = [size["name"] for size in AmlCompute.supported_vmsizes(self.workspace(), location="westeurope")]
        self.assertIn("STANDARD_NC6", names)
