"""Submits train.py to a cluster, waits for it and registers its model.

    muster workspace config > config.json        once, where this is run
    python submit.py
"""

import os
import sys

from azureml.core import Environment, Experiment, ScriptRunConfig
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.core.workspace import Workspace


def main():
    ws = Workspace.from_config()
    try:
        compute_target = ComputeTarget(workspace=ws, name="cpu-cluster")
    except ComputeTargetException:
        compute_target = ComputeTarget.create(ws, "cpu-cluster", AmlCompute.provisioning_configuration(max_nodes=4))
        compute_target.wait_for_completion(show_output=True)

    # The Python that runs this script has PyTorch and scikit-learn, so nothing needs to be built.
    environment = Environment("this-python")
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = sys.executable

    src = ScriptRunConfig(source_directory=os.path.dirname(os.path.abspath(__file__)),
                          script="train.py",
                          arguments=["--output_dir", "./outputs"],
                          compute_target=compute_target,
                          environment=environment)
    run = Experiment(ws, name="digits").submit(src)
    run.wait_for_completion(show_output=True)
    model = run.register_model(model_name="digits", model_path="outputs/model.pt")
    print("Registered {} version {}, best validation accuracy {}".format(
        model.name, model.version, run.get_metrics()["best_val_acc"][-1]))


if __name__ == "__main__":
    main()
