"""Datastores and datasets, and what a run gets of them."""
import os

from server_case import ServerCase

from muster import Dataset, Datastore, Experiment, RunConfiguration, ScriptRunConfig
from muster.dataset import FileDataset
from muster.datastore import DataPath, DataReference
from muster.estimator import Estimator
from muster.exceptions import UserErrorException
from muster.output_dataset import OutputFileDatasetConfig


class DataCase(ServerCase):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace()
        self.ds = self.ws.get_default_datastore()
        self.write("data/a.txt", "a")
        self.write("data/sub/b.txt", "b")
        self.write("src/train.py", "pass")

    def read(self, path):
        with open(path, "rb") as file:
            return file.read()

    def upload(self, *given, **more):
        with self.printed() as (out, _):
            self.reference = self.ds.upload(*given, **more)
        return out.getvalue()

    def submit(self, **given):
        with self.printed():
            Experiment(self.ws, "e").submit(ScriptRunConfig("src", **given))
        return self.state.submitted[-1]


class DatastoreTest(DataCase):
    def test_the_default_one(self):
        self.assertEqual((self.ds.name, list(self.ws.datastores)), ("workspaceblobstore", ["workspaceblobstore"]))
        self.assertEqual(Datastore.get(self.ws, "workspaceblobstore").name, "workspaceblobstore")
        with self.refused(UserErrorException, "other"):
            Datastore.get(self.ws, "other")

    def test_upload_and_download(self):
        said = self.upload("data", "birds")
        self.assertIn("Uploading an estimated of 2 files\n", said)
        self.assertEqual(sorted(self.state.data), ["birds/a.txt", "birds/sub/b.txt"])
        self.write("data/a.txt", "changed")
        self.assertIn("Target already exists. Skipping upload for birds/a.txt\n", self.upload("data", "birds"))
        with self.printed():
            self.assertEqual(self.ds.download("got", prefix="birds"), 2)
            self.assertEqual(self.ds.download("got", prefix="birds"), 0)
        self.assertEqual(self.read("got/birds/a.txt"), b"a")
        self.upload("data", "birds", overwrite=True)
        with self.printed():
            self.assertEqual(self.ds.download("got", prefix="birds", overwrite=True), 2)
        self.assertEqual(self.read("got/birds/a.txt"), b"changed")
        self.ds.remove("birds")
        self.assertEqual(self.state.data, {})

    def test_upload_files(self):
        with self.printed():
            self.ds.upload_files([os.path.join("data", "a.txt"), os.path.join("data", "sub", "b.txt")])
            self.ds.upload_files([os.path.join("data", "sub", "b.txt")], relative_root="data/sub", target_path="/flat/")
        self.assertEqual(sorted(self.state.data), ["a.txt", "flat/b.txt", "sub/b.txt"])

    def test_an_interrupted_upload_goes_on(self):
        def before(handler):
            if handler.command == "POST" and handler.path.endswith("/files"):
                handler.answer(400, {"title": "x", "status": 400, "code": "malformed", "detail": "interrupted"})
                return True

        self.server.before = before
        with self.printed(), self.assertRaises(UserErrorException):
            self.ds.upload("data")
        self.server.before = None
        self.state.requests.clear()
        self.upload("data")
        self.assertEqual(sorted(self.state.data), ["a.txt", "sub/b.txt"])
        self.assertEqual([path for _, path in self.state.requests if path.endswith("/blobs")], [], "nothing is sent twice")

    def test_what_cannot_be(self):
        for words, given in (("not a folder", lambda: self.ds.upload("nothing")),
                             ("not a file", lambda: self.ds.upload_files(["nothing"])),
                             ("not below relative_root", lambda: self.ds.upload_files(["src/train.py"], relative_root="data")),
                             ("'..'", lambda: self.ds.upload("data", "../birds")),
                             ("'..'", lambda: self.ds.path("birds/../../x")),
                             ("an upload goes into a folder", lambda: self.ds.as_upload()),
                             ("mode", lambda: DataReference(self.ds, "x", "x", "carry")),
                             ("not an input's name", lambda: self.ds.path("birds", data_reference_name="my data"))):
            with self.refused(UserErrorException, words), self.printed():
                given()
        self.assertEqual(self.state.data, {})


class InputTest(DataCase):
    def test_arguments_travel_as_what_they_are(self):
        images = self.ds.path("birds/images", data_reference_name="images")
        body = self.submit(script="train.py", arguments=["--data", images.as_mount(), "--model", self.ds.path("m.pt").as_download(), 3])
        [model] = [name for name in body["inputs"] if name != "images"]
        self.assertEqual(body["arguments"], ["--data", {"input": "images"}, "--model", {"input": model}, "3"])
        self.assertEqual(body["inputs"]["images"], {"datastore": "workspaceblobstore", "path": "birds/images", "mode": "mount"})
        self.assertEqual(body["inputs"][model]["mode"], "download")
        self.assertRegex(model, "^input_[0-9a-f]{8}$")

    def test_a_whole_datastore_as_the_estimators_take_it(self):
        with self.printed():
            Experiment(self.ws, "e").submit(Estimator("src", compute_target="local", entry_script="train.py",
                                                      script_params={"--d": self.ds}))
        body = self.state.submitted[-1]
        self.assertEqual((body["arguments"], body["inputs"]), (["--d", {"input": "workspaceblobstore"}], {
            "workspaceblobstore": {"datastore": "workspaceblobstore", "path": "", "mode": "mount"}}))

    def test_in_a_command_it_is_a_variable_of_the_shell(self):
        body = self.submit(command=["python train.py --data", self.ds.path("birds", "birds")])
        self.assertEqual(body["command"], "python train.py --data $AZUREML_DATAREFERENCE_birds")
        self.assertEqual(list(body["inputs"]), ["birds"])

    def test_data_references_of_a_run_configuration(self):
        config = RunConfiguration()
        reference = DataReference(self.ds, "birds", "b")
        config.data_references = {reference.data_reference_name: reference.to_config()}
        body = self.submit(script="train.py", arguments=["--data", str(reference)], run_config=config)
        self.assertEqual((body["arguments"], list(body["inputs"])), (["--data", "$AZUREML_DATAREFERENCE_birds"], ["birds"]))

    def test_resume_from(self):
        body = self.submit(script="train.py", resume_from=DataPath(self.ds, "checkpoints"))
        self.assertEqual(body["arguments"][0], "--resume-from")
        self.assertEqual([one["path"] for one in body["inputs"].values()], ["checkpoints"])
        with self.refused(UserErrorException, "resume_from"):
            ScriptRunConfig("src", "train.py", resume_from="checkpoints")

    def test_two_of_one_name_are_refused(self):
        with self.refused(UserErrorException, "two inputs are named x"):
            self.submit(script="train.py", arguments=[self.ds.path("a", "x"), self.ds.path("b", "x")])

    def test_in_the_job_they_are_paths(self):
        from muster import Run
        os.environ.update(MUSTER_RUN_ID="r_1_0a0a0a0a", MUSTER_METRICS_DIR=self.work, MUSTER_INPUTS="birds=\none=a.bin",
                          AZUREML_DATAREFERENCE_birds="/r/birds", AZUREML_DATAREFERENCE_one="/r/one/a.bin")
        self.assertEqual(Run.get_context().input_datasets, {"birds": "/r/birds", "one": "/r/one/a.bin"})


class OutputTest(DataCase):
    def test_an_output_is_a_folder_that_is_brought_to_its_destination(self):
        output = OutputFileDatasetConfig("made", (self.ds, "results/{run-id}"))
        body = self.submit(script="train.py", arguments=["--out", output])
        self.assertEqual((body["arguments"], body["inputs"]), (["--out", {"input": "made"}], {
            "made": {"datastore": "workspaceblobstore", "path": "results/{run-id}", "mode": "upload", "overwrite": True}}))
        output = OutputFileDatasetConfig().as_upload(source_globs="**/*.csv").register_on_complete("made", "of birds", {"n": 1})
        [wire] = self.submit(command=["make", output])["inputs"].values()
        self.assertEqual(wire, {"datastore": "workspaceblobstore", "path": "dataset/{run-id}/{output-name}", "mode": "upload",
                                "patterns": ["**/*.csv"], "register": {"name": "made", "description": "of birds", "tags": {"n": "1"}}})
        self.assertRegex(output.name, "^output_[0-9a-f]{8}$")
        self.assertTrue(output.as_mount()._wire()["overwrite"])

    def test_as_upload_of_a_path(self):
        body = self.submit(script="train.py", arguments=[self.ds.path("results", "out").as_upload(overwrite=True)])
        self.assertEqual(body["inputs"]["out"], {"datastore": "workspaceblobstore", "path": "results", "mode": "upload", "overwrite": True})

    def test_a_later_run_gets_it(self):
        again = OutputFileDatasetConfig("made", (self.ds, "results/{output-name}")).as_input("in")
        self.assertEqual(again._wire(), {"datastore": "workspaceblobstore", "path": "results/made", "mode": "mount"})
        with self.refused(UserErrorException, "destination"):
            OutputFileDatasetConfig("made").as_input()

    def test_what_cannot_be(self):
        for words, given in (("destination", lambda: OutputFileDatasetConfig("a", "results")),
                             ("its path", lambda: OutputFileDatasetConfig("a", (self.ds, ""))),
                             ("'..'", lambda: OutputFileDatasetConfig("a", (self.ds, "a/../.."))),
                             ("not an input's name", lambda: OutputFileDatasetConfig("my output")),
                             ("partition_format", lambda: OutputFileDatasetConfig("a", partition_format="{x}")),
                             ("not a dataset's name", lambda: OutputFileDatasetConfig("a").register_on_complete("a/b"))):
            with self.refused(UserErrorException, words):
                given()

    def test_in_the_job_it_is_a_path(self):
        from muster import Run
        os.environ.update(MUSTER_RUN_ID="r_1_0a0a0a0a", MUSTER_METRICS_DIR=self.work, MUSTER_INPUTS="birds=\nmade=/",
                          AZUREML_DATAREFERENCE_birds="/r/birds", AZUREML_DATAREFERENCE_made="/r/made")
        run = Run.get_context()
        self.assertEqual((run.input_datasets, run.output_datasets), ({"birds": "/r/birds"}, {"made": "/r/made"}))


class DatasetTest(DataCase):
    def setUp(self):
        super().setUp()
        self.upload("data", "birds")

    def test_of_files(self):
        for path in ("birds", "/birds/", "birds/**", "birds/**/*"):
            dataset = Dataset.File.from_files((self.ds, path))
            self.assertEqual(dataset.to_path(), ["/a.txt", "/sub/b.txt"])
        self.assertEqual(Dataset.File.from_files([(self.ds, "birds/a.txt")]).to_path(), ["/a.txt"])
        with self.printed():
            self.assertEqual([os.path.normpath(path) for path in dataset.download("got")],
                             [os.path.join("got", "a.txt"), os.path.join("got", "sub", "b.txt")])
        with self.refused(UserErrorException, "exists", "overwrite=True"):
            dataset.download("got")
        for words, path in (("no file or folder", (self.ds, "other")), ("'birds/*.png'", (self.ds, "birds/*.png")),
                            ("'birds/none'", [(self.ds, "birds/a.txt"), (self.ds, "birds/none")]), ("several", []),
                            ("is uploaded first", "https://example.com/x.zip"), ("'..'", (self.ds, "../x")),
                            ("'..'", [(self.ds, "birds/**/../../x")])):
            with self.refused(UserErrorException, words):
                Dataset.File.from_files(path)
        self.assertEqual(Dataset.File.from_files((self.ds, "not/yet/*.txt"), validate=False).to_path(), [])

    def test_of_patterns_and_several_paths(self):
        self.write("more/sub/c.jpg", "c")
        self.write("more/d.txt", "d")
        self.upload("more", "birds")
        self.upload("more", "other")
        for paths, folder, patterns, files in (
                (["birds/*.txt"], "birds", ["*.txt"], ["/a.txt", "/d.txt"]),
                (["birds/**/*.txt"], "birds", ["**/*.txt"], ["/a.txt", "/d.txt", "/sub/b.txt"]),
                (["birds/sub", "birds/a.txt"], "birds", ["sub", "a.txt"], ["/a.txt", "/sub/b.txt", "/sub/c.jpg"]),
                (["birds/sub/**", "other/*.txt"], "", ["birds/sub", "other/*.txt"],
                 ["/birds/sub/b.txt", "/birds/sub/c.jpg", "/other/d.txt"]),
                (["birds/sub/b.txt", "birds/sub/c.jpg"], "birds/sub", ["b.txt", "c.jpg"], ["/b.txt", "/c.jpg"])):
            dataset = Dataset.File.from_files([(self.ds, path) for path in paths])
            self.assertEqual((dataset.to_path(), dataset._path, dataset._patterns), (files, folder, patterns))
        body = self.submit(script="train.py", arguments=[dataset.as_named_input("two").as_mount()])
        self.assertEqual(body["inputs"]["two"], {"datastore": "workspaceblobstore", "path": "birds/sub", "mode": "mount",
                                                 "patterns": ["b.txt", "c.jpg"]})
        dataset.register(self.ws, "two")
        self.assertEqual(Dataset.get_by_name(self.ws, "two").to_path(), ["/b.txt", "/c.jpg"])
        with self.refused(UserErrorException, "create_new_version"):
            Dataset.File.from_files((self.ds, "birds/sub")).register(self.ws, "two")
        with self.printed():
            self.assertEqual(len(dataset.download("two")), 2)

    def test_as_an_input(self):
        dataset = Dataset.File.from_files((self.ds, "birds"))
        body = self.submit(script="train.py", arguments=["--data", dataset.as_named_input("images").as_download()])
        self.assertEqual(body["arguments"], ["--data", {"input": "images"}])
        self.assertEqual(body["inputs"]["images"], {"datastore": "workspaceblobstore", "path": "birds", "mode": "download"})
        with self.refused(UserErrorException, "as_named_input"):
            self.submit(script="train.py", arguments=[dataset])

    def test_registered_ones_have_versions(self):
        dataset = Dataset.File.from_files((self.ds, "birds")).register(self.ws, "birds", description="d", tags={"a": 1})
        self.assertEqual((dataset.id, dataset.description, dataset.tags), ("birds:1", "d", {"a": "1"}))
        self.assertEqual(Dataset.File.from_files((self.ds, "birds")).register(self.ws, "birds").version, 1)
        other = Dataset.File.from_files((self.ds, "birds/sub"))
        with self.refused(UserErrorException, "create_new_version"):
            other.register(self.ws, "birds")
        self.assertEqual(other.register(self.ws, "birds", create_new_version=True).version, 2)
        self.assertEqual(Dataset.get_by_name(self.ws, "birds").to_path(), ["/b.txt"])
        self.assertEqual(Dataset.get_by_name(self.ws, "birds", version=1).to_path(), ["/a.txt", "/sub/b.txt"])
        self.assertEqual(Dataset.get_by_id(self.ws, "birds:2").version, 2)
        self.assertEqual({name: one.version for name, one in self.ws.datasets.items()}, {"birds": 2})
        self.assertEqual(self.ds.path("").as_mount().path_on_datastore, "")
        with self.printed():
            self.assertEqual(self.ds.download("all"), 2)  # without what datasets are registered by
        for words, given in (("not a dataset's name", lambda: dataset.register(self.ws, "a/b")),
                             ("There are: birds", lambda: Dataset.get_by_name(self.ws, "other")),
                             ("of version 9", lambda: Dataset.get_by_name(self.ws, "birds", 9))):
            with self.refused(UserErrorException, words):
                given()

    def test_upload_directory(self):
        with self.printed():
            dataset = Dataset.File.upload_directory("data", (self.ds, "again"))
        self.assertIsInstance(dataset, FileDataset)
        self.assertEqual(dataset.to_path(), ["/a.txt", "/sub/b.txt"])

    def test_upload_directory_of_a_pattern(self):
        with self.printed():
            dataset = Dataset.File.upload_directory("data", DataPath(self.ds, "some"), pattern="sub/*.txt")
        self.assertEqual(dataset.to_path(), ["/sub/b.txt"])
        with self.refused(UserErrorException, "pattern", "'*.jpg'"):
            Dataset.File.upload_directory("data", (self.ds, "some"), pattern="*.jpg")

    def test_tables_say_what_to_do_instead(self):
        with self.assertRaisesRegex(UserErrorException, "pandas"):
            Dataset.Tabular.from_delimited_files((self.ds, "x.csv"))
