"""Submits train.py to a cluster of two nodes with two processes each, waits for it, registers its network and fetches it.

    muster workspace config > config.json        once, where this is run
    python submit.py [--launch per-process | torchrun | torch.distributed.launch | single]
"""

import argparse
import os

from azureml.core import Environment, Experiment, ScriptRunConfig
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.runconfig import PyTorchConfiguration
from azureml.core.workspace import Workspace

SAMPLE = os.path.dirname(os.path.abspath(__file__))
TOTAL_BATCH = 64


def arguments(epochs, processes):
    """Those of train.py; the total batch is the same, however many processes share it."""
    return ["--epochs", epochs, "--batch-size", TOTAL_BATCH // processes, "--output-dir", "outputs"]


def per_process(epochs):
    """Muster starts each process. On GPUs: Nccl."""
    return {"script": "train.py", "arguments": arguments(epochs, 4),
            "distributed_job_config": PyTorchConfiguration(communication_backend="Gloo", process_count=4, node_count=2)}


def torchrun(epochs):
    """Muster starts the command once a node, and torchrun the processes of that node."""
    command = ["torchrun", "--nproc_per_node 2 --nnodes 2 --node_rank $NODE_RANK",
               "--master_addr $MASTER_ADDR --master_port $MASTER_PORT", "train.py"]
    return {"command": command + arguments(epochs, 4), "distributed_job_config": PyTorchConfiguration(node_count=2)}


def torch_distributed_launch(epochs):
    """The same with the launcher that came before torchrun, as one text."""
    command = ("python -m torch.distributed.launch --nproc_per_node 2 --nnodes 2 --node_rank $NODE_RANK "
               "--master_addr $MASTER_ADDR --master_port $MASTER_PORT --use_env train.py ")
    return {"command": command + " ".join(map(str, arguments(epochs, 4))), "distributed_job_config": PyTorchConfiguration(node_count=2)}


def single(epochs):
    """One process, which takes the whole batch: its weights are what the others' must equal."""
    return {"script": "train.py", "arguments": arguments(epochs, 1)}


LAUNCHES = {"per-process": per_process, "torchrun": torchrun, "torch.distributed.launch": torch_distributed_launch, "single": single}


def main():
    parser = argparse.ArgumentParser(description="Train the digits on two nodes with two processes each.")
    parser.add_argument("--launch", choices=sorted(LAUNCHES), default="per-process")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--compute", default="cpu-cluster")
    options = parser.parse_args()

    ws = Workspace.from_config()
    src = ScriptRunConfig(source_directory=SAMPLE,
                          compute_target=ComputeTarget.get_or_create(ws, options.compute,
                                                                     AmlCompute.provisioning_configuration(max_nodes=4)),
                          environment=Environment.from_interpreter("this-python"),
                          **LAUNCHES[options.launch](options.epochs))
    run = Experiment(ws, name="digits-ddp").submit(src)
    run.wait_for_completion(show_output=True)

    model = run.register_model(model_name="digits-ddp", model_path="outputs/digits_net.pt", tags={"launch": options.launch})
    network = os.path.abspath(os.path.join("models", options.launch + ".pt"))
    os.makedirs("models", exist_ok=True)
    run.download_file(name="outputs/digits_net.pt", output_file_path=network)
    print("Registered {} version {}, downloaded {}".format(model.name, model.version, network))


if __name__ == "__main__":
    main()
