"""RunDetails in a real Jupyter: what its front end has after the cells ran."""

import textwrap

import nbformat
from muster_program import SDK
from nbclient import NotebookClient
from waiting import SLOWER

CELLS = """
    from azureml.core import Environment, Experiment, Run, ScriptRunConfig, Workspace
    from azureml.widgets import RunDetails
    environment = Environment("own")
    environment.python.user_managed_dependencies = True
    run = Experiment(Workspace.from_config(), "seen").submit(ScriptRunConfig("src", "train.py", environment=environment))
    ---
    RunDetails(run).show()
    ---
    import threading
    run.wait_for_completion(raise_on_error=False)
    for thread in threading.enumerate():
        if thread.name.startswith("RunDetails"):
            thread.join(60)
            assert not thread.is_alive()
    run
"""
SCRIPT = """
from azureml.core import Run
run = Run.get_context()
for step in range(10):
    run.log("loss", 1 / (step + 1), step=step)
print("the last line")
raise ValueError("no <b>bird</b>")
"""


def test_a_notebook_shows_a_run_as_it_goes(workspace, server, monkeypatch):
    (server.folder / "src").mkdir()
    (server.folder / "src" / "train.py").write_text(SCRIPT)
    (server.folder / "config.json").write_text(server("workspace", "config").stdout)
    monkeypatch.setenv("PYTHONPATH", str(SDK))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in textwrap.dedent(CELLS).split("---")])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    NotebookClient(notebook, timeout=60 * SLOWER, kernel_name="python3",
                   resources={"metadata": {"path": str(server.folder)}}).execute()

    submitted, shown, waited = notebook.cells
    [live] = [output for output in shown.outputs if output.output_type == "display_data"]
    page = live.data["text/html"]
    for text in ("Failed", "loss: 0.1", "<svg", "the last line", "ValueError: no &lt;b&gt;bird&lt;/b&gt;"):
        assert text in page, page
    [table] = [output for output in waited.outputs if output.output_type == "execute_result"]
    assert "azureml.scriptrun" in table.data["text/html"]
    assert not [one for one in shown.outputs + submitted.outputs if one.output_type == "error"]
