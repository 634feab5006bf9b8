"""What `run.get_details()` gives: Azure's keys, made from the server's."""
from typing import Any, Dict

from .errors import error_details, NO_DETAILS


def details_of(data: Dict[str, Any], log_files: Dict[str, str]) -> Dict[str, Any]:
    """For the run that the server describes so, with the addresses of its logs."""
    distribution = data.get("distribution") or {}
    inputs = sorted((data.get("inputs") or {}).items())
    details: Dict[str, Any] = {
        "runId": data["run_id"],
        "target": data.get("compute_target"),
        "status": data["status"],
        "properties": dict(data.get("properties") or {}, ContentSnapshotId=data.get("snapshot_id")),
        "inputDatasets": [{"dataset": {"id": "{}/{}".format(one["datastore"], one["path"])},
                           "consumptionDetails": {"type": "RunInput", "inputName": name, "mechanism": one["mode"].capitalize(),
                                                  "pathOnCompute": None}}
                          for name, one in inputs if one["mode"] != "upload"],
        "outputDatasets": [{"identifier": {"savedId": "{}/{}".format(one["datastore"], one["path"])}, "outputType": "RunOutput",
                            "outputDetails": {"outputName": name}} for name, one in inputs if one["mode"] == "upload"],
        "runDefinition": {
            "script": data.get("script"), "command": data.get("command") or "", "arguments": data.get("arguments") or [],
            "target": data.get("compute_target"), "environment": data.get("environment"),
            "environmentVariables": data.get("environment_variables") or {}, "nodeCount": data.get("node_count"),
            "maxRunDurationSeconds": data.get("max_run_duration_seconds"), "priority": data.get("priority"),
            "framework": "PyTorch" if distribution.get("type") == "pytorch" else "Python",
            "communicator": distribution.get("backend") or ("OpenMpi" if distribution.get("type") == "mpi" else "None"),
            "distribution": data.get("distribution"),
        },
        "logFiles": log_files,
        "submittedBy": data.get("created_by"),
        "stages": data.get("stages") or [],
        "nodes": data.get("nodes") or [],
    }
    for key, value in (("startTimeUtc", data.get("started_at")), ("endTimeUtc", data.get("ended_at")),
                       ("warnings", data.get("warnings"))):
        if value:
            details[key] = value
    if data.get("error"):
        details["error"] = error_details(data)
    elif data["status"] == "Failed":
        details["error"] = {"error": {"code": "UserError", "message": NO_DETAILS, "details": []}}
    return details
