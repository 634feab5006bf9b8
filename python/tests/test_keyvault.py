"""The workspace's secrets."""
from unittest import mock

from server_case import ServerCase

from muster import Keyvault, Run
from muster.exceptions import RunEnvironmentException, UserErrorException
from muster.offline_run import OfflineRun


class KeyvaultTest(ServerCase):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace()
        self.vault = self.ws.get_default_keyvault()

    def test_what_is_set_is_read_listed_and_deleted(self):
        self.assertIsInstance(self.vault, Keyvault)
        self.vault.set_secret("token", "a b\nc")
        self.vault.set_secrets({"one": "1", "two": "2"})
        self.assertEqual(self.vault.get_secret("token"), "a b\nc")
        self.assertEqual(self.vault.get_secrets(["one", "none"]), {"one": "1", "none": None})
        self.assertIsNone(self.vault.get_secret("none"))
        self.assertEqual([secret["name"] for secret in self.vault.list_secrets()], ["one", "token", "two"])
        self.vault.delete_secret("token")
        self.vault.delete_secrets(["one", "two", "gone"])
        self.assertEqual(self.vault.list_secrets(), [])

    def test_what_is_no_secret(self):
        for name, value in (("n", 3), ("n", None), ("", "v"), (None, "v")):
            with self.assertRaises(UserErrorException):
                self.vault.set_secret(name, value)
        self.assertEqual(self.state.secrets, {})

    def test_a_run_reads_its_workspaces(self):
        self.vault.set_secret("token", "t")
        run = Run.get(self.ws, self.server.run())
        self.assertEqual((run.get_secret("token"), run.get_secret("other")), ("t", None))
        self.assertEqual(run.get_secrets(["token"]), {"token": "t"})

    def test_a_job_reads_with_its_own_token(self):
        self.vault.set_secret("token", "t")
        self.server.run("e_1_aa", experiment="e")
        variables = {"MUSTER_RUN_ID": "e_1_aa", "MUSTER_METRICS_DIR": self.folder, "MUSTER_RUN_TOKEN": "secret",
                     "MUSTER_URL": self.server.url}
        with mock.patch.dict("os.environ", variables):
            self.assertEqual(Run.get_context().get_secret("token"), "t")

    def test_an_offline_run_has_none(self):
        with self.assertRaises(RunEnvironmentException):
            OfflineRun().get_secret("token")
