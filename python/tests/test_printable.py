"""What others wrote, on a terminal."""
import io
import os
import sys
from unittest import mock

from support import Case

from muster._client import config as _config
from muster._terminal.printable import LogFilter, printable
from muster._client.problems import to_exception
from muster._runs.show import OutputPrinter

LOG = ("\x1b[1;31mred\x1b[0m\x1b]0;title\x07 a\x1b[2J\x1b[10;10Hb\x1b]52;c;Y2xpcA==\x1b\\c\x1b(Be\x9b2Jh\x07\u202ei\r50 %\t|\x08\n"
       "\x1b]8;;never\nhere")
SHOWN = "\x1b[1;31mred\x1b[0m abce\ufffd2Jh\ufffd\ufffdi\r50 %\t|\x08\n\nhere"


class Terminal(io.StringIO):
    def isatty(self):
        return True


class PrintableTest(Case):
    def test_names_hide_nothing(self):
        self.assertEqual(printable("safe\u202egnp.exe\x1b[2J\u200b\ud800\t."), "safe\ufffdgnp.exe\ufffd[2J\ufffd\ufffd .")
        self.assertEqual(printable("e\u200dx \U0001f468\u200d\U0001f469"), "e\ufffdx \U0001f468\u200d\U0001f469")

    def test_a_log_keeps_its_colours_wherever_it_is_cut(self):
        for piece in (1, 2, 5, len(LOG)):
            terminal = LogFilter()
            shown = "".join(terminal.filter(LOG[at:at + piece]) for at in range(0, len(LOG), piece))
            self.assertEqual(shown, SHOWN, piece)

    def test_show_output_on_a_terminal_and_in_a_file(self):
        for stream, expected in ((Terminal(), SHOWN), (io.StringIO(), LOG)):
            with mock.patch.object(sys, "stdout", stream):
                printer = OutputPrinter("run", "url")
                printer.log("azureml-logs/70_driver_log.txt", None, LOG)
            self.assertTrue(stream.getvalue().endswith(expected), stream.getvalue())

    def test_what_the_server_says_is_shown_clean(self):
        error = to_exception(404, b'{"detail": "no run named a\\u001b[2Jb\\u202ec"}', "GET /x")
        self.assertIn("no run named a\ufffd[2Jb\ufffdc", str(error))
        self.assertNotIn("\x1b", str(error))

    def test_credentials_that_others_can_read_are_said_once(self):
        path = os.path.join(self.folder, "credentials")
        with open(path, "w") as file:
            file.write('{"servers": {"http://a:1": {"token": "t"}}}')
        os.chmod(path, 0o644)
        with mock.patch.dict(os.environ, {"MUSTER_HOME": self.folder}), mock.patch.object(sys, "stderr", io.StringIO()) as said:
            self.assertEqual([_config.find_token("http://a:1") for _ in range(2)], ["t", "t"])
            self.assertEqual(said.getvalue(), "warning: others can read the tokens in {0}; `chmod 600 {0}` ends that\n".format(path))
