"""A test with a fake server that the client finds as it would find a real one."""
import os

from fake_server import FakeServer
from support import Case

from muster import Workspace


class ServerCase(Case):
    def setUp(self):
        super().setUp()
        self.server = FakeServer()
        self.addCleanup(self.server.stop)
        self.state = self.server.state
        os.environ["MUSTER_URL"] = self.server.url
        os.environ["MUSTER_TOKEN"] = "secret"

    def workspace(self):
        return Workspace.get("default")
