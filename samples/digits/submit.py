"""Submits train.py to a cluster, waits for it and registers its model.

    muster workspace config > config.json        once, where this is run
    python submit.py
"""

import os

from azureml.core import Environment, Experiment, ScriptRunConfig
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.workspace import Workspace


def main():
    ws = Workspace.from_config()
    # The Python that runs this script has PyTorch and scikit-learn, so nothing needs to be built.
    environment = Environment.from_interpreter("this-python")

    src = ScriptRunConfig(source_directory=os.path.dirname(os.path.abspath(__file__)),
                          script="train.py",
                          arguments=["--output_dir", "./outputs"],
                          compute_target=ComputeTarget.get_or_create(ws, "cpu-cluster",
                                                                     AmlCompute.provisioning_configuration(max_nodes=4)),
                          environment=environment)
    run = Experiment(ws, name="digits").submit(src)
    run.wait_for_completion(show_output=True)
    model = run.register_model(model_name="digits", model_path="outputs/model.pt")
    print("Registered {} version {}, best validation accuracy {}".format(
        model.name, model.version, run.get_metrics()["best_val_acc"][-1]))


if __name__ == "__main__":
    main()
