"""The environment that scripts of 2020 ask for, from PyPI: torch 1.6 for Python 3.6, on a machine that has such a Python."""

import glob
import os

import pytest

from muster_program import SOURCE

SPECIFICATION = """
name: project_environment
channels:
  - conda-forge
dependencies:
  - python=3.6.2
  - pip:
    - azureml-defaults
    - torch==1.6.0
    - torchvision==0.7.0
    - future==0.17.1
    - pillow
"""

TRAIN = """
import future, PIL, sys, torch, torchvision
from azureml.core import Run
run = Run.get_context()
torch.manual_seed(0)
inputs = torch.randn(512, 8)
labels = (inputs[:, 0] * inputs[:, 1] > 0).long()
network = torch.nn.Sequential(torch.nn.Linear(8, 64), torch.nn.ReLU(), torch.nn.Linear(64, 2))
optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
for epoch in range(200):
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(network(inputs), labels)
    loss.backward()
    optimizer.step()
    run.log("loss", loss.item())
torch.save(network.state_dict(), "outputs/model.pt")
print("versions", sys.version_info[:2], torch.__version__, torchvision.__version__)
"""


@pytest.mark.full
def test_torch_1_6_is_built_and_trained_in(server, tmp_path):
    pythons = glob.glob(os.path.expanduser("~/.pyenv/versions/3.6.*/bin"))
    assert pythons, "this test needs a Python 3.6 that pyenv has built: pyenv install 3.6.15"
    server("down")
    server("up", PATH=pythons[0] + ":" + os.environ["PATH"])
    specification = tmp_path / "conda.yml"
    specification.write_text(SPECIFICATION)
    server("environment", "create", "torch16", "--conda", specification)
    run = server.ended(server.submit(TRAIN, options=["--environment", "torch16"])["run_id"], seconds=1800)
    log = server("run", "logs", run["run_id"]).stdout
    assert run["status"] == "Completed", (run["error"], log[-5000:])
    assert "versions (3, 6) 1.6.0" in log and "0.7.0" in log
    losses = [point["value"] for point in server.json("run", "metrics", run["run_id"])["metrics"]["loss"]]
    assert len(losses) == 200 and losses[-1] < 0.3 * losses[0]
    packages = server.json("environment", "lock", "torch16")
    assert "torch==1.6.0" in str(packages)

    birds = server.json("run", "submit", "--script", SOURCE / "samples" / "birds" / "pytorch_train.py", "--source-directory",
                        SOURCE / "samples" / "birds", "--experiment", "birds", "--environment", "torch16", "--", "--num_epochs", "2")
    run = server.ended(birds["run_id"], seconds=600)
    assert run["status"] == "Completed", server("run", "logs", run["run_id"]).stdout[-5000:]
