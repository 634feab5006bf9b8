"""A first run: `muster up`, then `muster workspace config > config.json`, then `python3 submit.py`."""
import os

from azureml.core import Experiment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
config = ScriptRunConfig(source_directory=os.path.dirname(os.path.abspath(__file__)), script="train.py", arguments=["--epochs", 20])
run = Experiment(ws, "quickstart").submit(config)
run.wait_for_completion(show_output=True)
model = run.register_model("line", model_path="outputs/model.json")
print("loss", run.get_metrics()["loss"][-1], "- registered", model.id)
