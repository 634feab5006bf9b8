"""Submits pytorch_train.py to a cluster, waits for it, registers its model and fetches the ONNX file.

    muster workspace config > config.json        once, where this is run
    python submit.py [--num_epochs 25] [--compute cpu-cluster]
"""

import argparse
import os

from azureml.core import Environment, Experiment, ScriptRunConfig
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.core.workspace import Workspace

SAMPLE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")


def main():
    parser = argparse.ArgumentParser(description="Train the birds on a cluster.")
    parser.add_argument("--num_epochs", type=int, default=25)
    parser.add_argument("--compute", default="cpu-cluster")
    options = parser.parse_args()

    ws = Workspace.from_config()
    try:
        compute_target = ComputeTarget(workspace=ws, name=options.compute)
        print("Found existing compute target")
    except ComputeTargetException:
        print("Creating a new compute target...")
        compute_config = AmlCompute.provisioning_configuration(max_nodes=4)
        compute_target = ComputeTarget.create(ws, options.compute, compute_config)
        compute_target.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)

    # Pictures of your own? The folder of train/<class>/* and val/<class>/*, by its full path.
    data_dir = os.path.join(CACHE, "muster", "birds")
    src = ScriptRunConfig(source_directory=SAMPLE,
                          script="pytorch_train.py",
                          arguments=["--num_epochs", options.num_epochs, "--output_dir", "./outputs", "--data_dir", data_dir],
                          compute_target=compute_target,
                          # The Python that runs this script has PyTorch, so nothing needs to be built.
                          environment=Environment.from_interpreter("this-python"))

    run = Experiment(ws, name="pytorch-birds").submit(src)
    run.wait_for_completion(show_output=True)

    model = run.register_model(model_name="pytorch-birds", model_path="outputs/model.pt")
    print("Registered {} version {}".format(model.name, model.version))

    os.makedirs("models", exist_ok=True)
    onnx_file = os.path.abspath(os.path.join("models", run.id + ".onnx"))
    run.download_file(name="outputs/model.onnx", output_file_path=onnx_file)
    print("Downloaded", onnx_file)


if __name__ == "__main__":
    main()
