"""The names of Azure ML's SDK v1: all can be imported, those not supported say so when used, and what would be dropped is refused."""
import importlib
import os
import subprocess
import sys
import warnings

from server_case import ServerCase
from support import PYTHON, Case

from muster import (ComputeTarget, Environment, Experiment, Model, MpiConfiguration, PyTorchConfiguration, RunConfiguration,
                    ScriptRunConfig, Workspace)
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


class MethodsTest(ServerCase):
    def test_methods_that_are_not_there_say_what_to_do_instead(self):
        from muster import CondaDependencies, Datastore, Run
        from muster.dataset import FileDataset
        workspace = self.workspace()
        for call, words in (
                (workspace.get_mlflow_tracking_uri, "MLflow"), (workspace.update, "Workspace.create"), (workspace.delete, "muster clean"),
                (Experiment(workspace, "e").archive, "Tag it"), (Experiment(workspace, "e").reactivate, "archived"),
                (Experiment(workspace, "e").delete, "muster run delete"), (Experiment(workspace, "e").get_docs_url, "python-sdk.md"),
                (ComputeTarget.attach, "--engine slurm"), (ComputeTarget.detach, "target.delete"),
                (AmlCompute.add_identity, "account"), (AmlCompute.remove_identity, "account"), (AmlCompute.list_usages, "compute show"),
                (AmlCompute.list_quotas, "max_nodes"), (Run.take_snapshot, "snapshot_directory"), (Run.get_submitted_run, "get_context"),
                (Run.add_type_provider, "run.type"), (Run.get_docs_url, "python-sdk.md"),
                (Datastore.register_azure_blob_container, "get_default_datastore"), (Datastore.unregister, "remove"),
                (Datastore.register_azure_file_share, "get_default_datastore"), (FileDataset.mount, "download"),
                (FileDataset.take, "from_files"), (FileDataset.skip, "from_files"), (FileDataset.random_split, "to_path"),
                (FileDataset.as_hdfs, "as_mount"), (FileDataset.update, "create_new_version"), (FileDataset.add_tags, "create_new_version"),
                (FileDataset.remove_tags, "create_new_version"), (FileDataset.unregister_all_versions, "remove"),
                (Environment.from_docker_build_context, "from_dockerfile"), (Environment.add_private_pip_wheel, "wheel"),
                (CondaDependencies.add_cntk_package, "CNTK"), (CondaDependencies.add_tensorflow_pip_package, "add_pip_package"),
                (CondaDependencies.add_tensorflow_conda_package, "add_pip_package"),
                (Model.package, "download"), (Model.profile, "served"), (Model.deploy, "download")):
            with self.assertRaisesRegex(UserErrorException, words):
                call("anything", at="all")

    def test_what_a_workspace_of_ones_own_has_none_of(self):
        workspace = self.workspace()
        self.assertEqual((workspace.webservices, workspace.images, workspace.sku, workspace.discovery_url),
                         ({}, {}, "basic", self.server.url))
        self.assertIsNone(workspace.get_default_compute_target("GPU"))
        self.assertIsNone(Experiment(workspace, "e").archived_time)
        workspace.sync_keys()
        workspace.set_default_datastore("workspaceblobstore")
        workspace.get_default_datastore().set_as_default()
        with self.refused(UserErrorException, "other"):
            workspace.set_default_datastore("other")

    def test_a_target_is_found_or_made(self):
        workspace = self.workspace()
        configuration = AmlCompute.provisioning_configuration(max_nodes=2)
        made = ComputeTarget.get_or_create(workspace, "cluster", configuration)
        self.assertEqual((made.name, ComputeTarget.get_or_create(workspace, "cluster", configuration).name), ("cluster", "cluster"))
        self.assertEqual(sorted(self.state.targets), ["cluster", "local"])

    def test_the_environment_of_an_interpreter(self):
        environment = Environment.from_interpreter("mine")
        self.assertEqual(environment.python.interpreter_path, sys.executable)
        self.assertTrue(environment.python.user_managed_dependencies)
        self.assertEqual(Environment.from_interpreter("mine", "/opt/python").python.interpreter_path, "/opt/python")


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
