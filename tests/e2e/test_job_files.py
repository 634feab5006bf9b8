"""Jobs submitted by file: Azure ML's command job, and a run configuration of its SDK v1."""

from azureml.core import RunConfiguration

SCRIPT = """
import os, sys
print("rank", os.environ.get("RANK", "alone"), "has", sys.argv[1:], os.environ["FLAG"])
"""


def write(server, path, text):
    file = server.folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_command_job_runs_as_its_file_says(server):
    server("compute", "create", "cpus", "--max-nodes", "2")
    write(server, "jobs/src/train.py", SCRIPT)
    write(server, "jobs/job.yml", """
$schema: https://azuremlschemas.azureedge.net/latest/commandJob.schema.json
name: birds-7
command: python3 train.py --lr ${{inputs.lr}}
code: src
inputs: {lr: 0.10}
environment_variables: {FLAG: yes}
compute: azureml:cpus
distribution: {type: pytorch, process_count_per_instance: 1}
resources: {instance_count: 2}
experiment_name: birds
tags: {kind: baseline}
""")
    run = server.ended(server.json("run", "submit", "-f", "jobs/job.yml", "--tag", "by=hand")["run_id"])

    assert (run["run_id"], run["status"], run["experiment"]) == ("birds-7", "Completed", "birds")
    assert run["tags"] == {"kind": "baseline", "by": "hand"}
    text = server("run", "logs", "birds-7", "--merge").stdout
    for rank in (0, 1):
        assert "rank %d has ['--lr', '0.10'] yes" % rank in text
    assert "a run named birds-7 exists already" in server.problem("run", "submit", "-f", "jobs/job.yml")["detail"]


def test_a_run_configuration_sends_the_folder_of_its_azureml(server):
    write(server, "project/train.py", SCRIPT)
    write(server, "project/.azureml/train.runconfig", """
script: train.py
arguments: [--epochs, 3]
target: local
framework: Python
communicator: None
nodeCount: 1
environment:
  name: mine
  python: {interpreterPath: python3, userManagedDependencies: true}
environmentVariables: {FLAG: "on"}
history: {outputCollection: true}
""")
    run = server.ended(server.json("run", "submit", "--file", "project/.azureml/train.runconfig")["run_id"])

    assert (run["status"], run["script"], run["environment"]["name"]) == ("Completed", "train.py", "mine")
    assert "rank alone has ['--epochs', '3'] on" in server("run", "logs", run["run_id"]).stdout


def test_what_is_wrong_in_a_file_is_said_with_its_line_before_anything_is_sent(server):
    write(server, "job.yml", "command: x\ncompte: gpus\n")
    problem = server.problem("run", "submit", "-f", "job.yml")

    assert "job.yml: line 2: 'compte' is not known here" in problem["detail"]
    assert "did you mean compute?" in problem["hint"]
    assert "no.yml" in server.problem("run", "submit", "-f", "no.yml")["detail"]


def test_what_the_sdk_saved_is_a_job_file(server):
    write(server, "project/train.py", SCRIPT)
    config = RunConfiguration("train.py", ["--words", "a: 'b' # c"])
    config.environment_variables["FLAG"] = "yes"
    config.environment.python.user_managed_dependencies = True
    config.environment.python.interpreter_path = "python3"
    config.save(str(server.folder / "project"), "train")
    run = server.ended(server.json("run", "submit", "-f", "project/.azureml/train.runconfig")["run_id"])

    assert run["status"] == "Completed"
    assert """rank alone has ['--words', "a: 'b' # c"] yes""" in server("run", "logs", run["run_id"]).stdout
