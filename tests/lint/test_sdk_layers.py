"""The SDK's layers: a module needs those of its own layer and of layers below it alone, and no two need each other to be loaded."""
import ast
import os

import pytest

SDK = os.path.join(os.path.dirname(__file__), "..", "..", "python", "muster")

# From below. A name stands for a module, or for all of a folder.
LAYERS = [
    ["_version", "_terminal"],
    ["exceptions"],
    ["_unsupported", "_section", "_inputs", "_path_patterns"],
    ["_client"],
    ["_recording", "_snapshots"],
    ["_conda_yaml", "_yaml", "_runconfig_file", "_requirements", "conda_dependencies", "_environment_sections", "environment_build",
     "environment", "compute", "authentication", "runconfig", "script_run_config"],
    ["datastore", "keyvault"],
    ["dataset", "output_dataset", "estimator"],
    ["_runs"],
    ["workspace", "experiment", "run", "script_run", "offline_run", "model"],
    ["_submitted_run", "_widget_view", "widgets"],
    ["", "_cli"],
]
# People go from one resource to another (run.experiment, experiment.workspace, workspace.experiments): these may look each other up
# once they are called.
RESOURCES = {"workspace", "experiment", "run", "script_run", "offline_run", "model", "_submitted_run"}


def modules():
    found = {}
    for folder, _, names in os.walk(SDK):
        for name in names:
            if name.endswith(".py"):
                path = os.path.join(folder, name)
                found[os.path.relpath(path, SDK)[:-3].replace(os.sep, ".").replace("__init__", "").rstrip(".")] = path
    return found


def layer(module):
    top = module.split(".")[0]
    assert any(top in names for names in LAYERS), "the module {} has no layer in {}".format(module, __file__)
    return next(index for index, names in enumerate(LAYERS) if top in names)


def imports(module, path):
    """(whether it is needed to load the module, what is imported), for each import of the SDK's own; those for types alone are left out."""
    is_package = path.endswith("__init__.py")

    def visit(node, at_load):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            return
        if isinstance(node, ast.ImportFrom) and node.level:
            base = module.split(".") if module else []
            base = base[:len(base) - node.level + (1 if is_package else 0)] + (node.module.split(".") if node.module else [])
            for alias in node.names:
                whole = ".".join(base + [alias.name])
                yield at_load, whole if whole in known else ".".join(base)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, at_load and not isinstance(child, (ast.FunctionDef, ast.Lambda)))

    known = modules()
    with open(path) as file:
        yield from visit(ast.parse(file.read()), True)


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_module_needs_no_layer_above_its_own(module):
    path = modules()[module]
    top = module.split(".")[0]
    for at_load, other in imports(module, path):
        may_look_up = not at_load and top in RESOURCES and other.split(".")[0] in RESOURCES
        assert layer(other) <= layer(module) or may_look_up, "{} imports {}".format(module, other)


def test_no_circle_is_loaded():
    needs = {module: {other for at_load, other in imports(module, path) if at_load} for module, path in modules().items()}
    loaded = set()
    while len(loaded) < len(needs):
        ready = {module for module, others in needs.items() if module not in loaded and others <= loaded}
        assert ready, "these need each other: {}".format(sorted(set(needs) - loaded))
        loaded |= ready
