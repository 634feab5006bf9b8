"""Submits train.py to a cluster of two nodes with two processes each, started by Open MPI.

    muster workspace config > config.json        once, where this is run
    python submit.py
"""

import argparse
import os

from azureml.core import Environment, Experiment, ScriptRunConfig
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.runconfig import MpiConfiguration
from azureml.core.workspace import Workspace


def main():
    parser = argparse.ArgumentParser(description="Train the digits with MPI on two nodes with two processes each.")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--compute", default="cpu-cluster")
    options = parser.parse_args()

    # The Python that runs this script has PyTorch, scikit-learn and mpi4py, so nothing needs to be built.
    environment = Environment.from_interpreter("this-python")

    ws = Workspace.from_config()
    src = ScriptRunConfig(source_directory=os.path.dirname(os.path.abspath(__file__)),
                          script="train.py",
                          arguments=["--epochs", options.epochs, "--output-dir", "outputs"],
                          compute_target=ComputeTarget.get_or_create(ws, options.compute,
                                                                     AmlCompute.provisioning_configuration(max_nodes=4)),
                          environment=environment,
                          distributed_job_config=MpiConfiguration(process_count_per_node=2, node_count=2))
    run = Experiment(ws, name="digits-mpi").submit(src)
    run.wait_for_completion(show_output=True)
    model = run.register_model(model_name="digits-mpi", model_path="outputs/digits_net.pt")
    print("Registered {} version {}, validation accuracy {}".format(model.name, model.version, run.get_metrics()["val_acc"][-1]))


if __name__ == "__main__":
    main()
